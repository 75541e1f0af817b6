#pragma once

#include <memory>
#include <string>

#include "front/connection_input.h"
#include "front/http1_reply.h"
#include "front/settings.h"
#include "http/body.h"
#include "runtime/link.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace signet::front {

// What a connection knows of where it came from.
struct Endpoint {
  runtime::Address peer;
  std::uint16_t local_port = 0;
  bool over_loopback = false;
};

// One client connection speaking HTTP/1.1: request after request, pipelined ones in turn. While it
// waits for a request it holds no buffer. Linked while idle, so that its owner may close it.
class Http1Connection : public runtime::Link {
 public:
  Http1Connection(std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint,
                  http::Handler& handler, DateCache& dates, const Settings& settings, Stats& stats);

  // Ends when the connection does. `idle`: the list this links itself into between requests.
  runtime::Task<void> run(runtime::Link& idle);

  // The next answer says `Connection: close` and is the last one.
  void finish_soon() { finish_soon_ = true; }
  runtime::Stream& stream() { return *stream_; }
  const std::string& peer_host() const { return peer_host_; }

 private:
  struct Exchange;
  enum class HeadResult : std::uint8_t { complete, malformed, none, ended };

  runtime::Task<bool> serve_one(runtime::Arena& arena);
  runtime::Task<HeadResult> read_head(Exchange& exchange);
  runtime::Task<void> linger();

  std::unique_ptr<runtime::Stream> stream_;
  ConnectionInput input_;
  Endpoint endpoint_;
  std::string peer_host_;  // the text of endpoint_.peer, made once
  http::Handler& handler_;
  DateCache& dates_;
  const Settings& settings_;
  Stats& stats_;
  bool finish_soon_ = false;
};

}  // namespace signet::front
