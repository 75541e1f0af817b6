#pragma once

#include <expected>
#include <string>

#include "http/body.h"
#include "origin/connector.h"
#include "origin/incoming.h"
#include "origin/outgoing.h"
#include "origin/pool.h"
#include "origin/resolver.h"
#include "origin/send_error.h"
#include "origin/settings.h"
#include "origin/stats.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"
#include "runtime/task_set.h"

namespace signet::origin {

// One upstream as one loop sees it: its connections, and the HTTP/1.1 client on them. Knows nothing
// of the request it serves. Must outlive every task and Incoming it gave.
class Origin {
 public:
  // The resolver and settings.tls are borrowed.
  Origin(runtime::EventLoop& loop, Settings settings, Resolver& resolver);
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  // Sends one request and waits for the head of its answer. `body` is read iff request.has_body and
  // its length is not 0; its first piece is asked for before a connection is taken, so that a slow
  // client holds none. `stamp` may be null.
  //
  // The head and the body's first piece leave in one write. The rest is sent while the answer is
  // awaited; an answer that comes first ends the upload (body.stop() is called) and later the
  // connection. Retried once, exactly as engine rule 24 allows. Up to 8 interim answers are
  // skipped. Destroying the task cancels everything and closes the connection.
  runtime::Task<std::expected<Incoming, SendError>> send(const Outgoing& request,
                                                         http::ByteSource* body, Stamp* stamp);

  // From now on no connection is kept: idle ones are closed at once, others after their exchange.
  void retire() { pool_.retire(); }
  // Exchanges under way.
  bool busy() const { return pool_.leased() > 0; }

  const Settings& settings() const { return settings_; }
  // What is sent as Host, and must be signed as such.
  const std::string& host() const { return host_; }
  const Stats& stats() const { return stats_; }

 private:
  runtime::Task<void> keep_tidy();

  runtime::EventLoop& loop_;
  const Settings settings_;
  const std::string host_;
  Stats stats_;
  Resolver& resolver_;
  Pool pool_;
  Connector connector_;
  runtime::TaskSet chores_;
};

}  // namespace signet::origin
