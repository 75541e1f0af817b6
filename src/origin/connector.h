#pragma once

#include <expected>
#include <memory>

#include "origin/resolver.h"
#include "origin/send_error.h"
#include "origin/settings.h"
#include "origin/stats.h"
#include "runtime/address.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace signet::origin {

// An open connection to the origin.
struct Connection {
  std::unique_ptr<runtime::Stream> stream;
  runtime::Address peer;
  std::uint64_t address_list = 0;  // the list of addresses that `peer` was last found in
  runtime::Time idle_since{};
  bool used = false;  // has carried an exchange
};

// Makes connections: name, TCP, TLS.
class Connector {
 public:
  Connector(runtime::EventLoop& loop, const Settings& settings, Resolver& resolver, Stats& stats)
      : loop_(loop), settings_(settings), resolver_(resolver), stats_(stats) {}

  // Resolves within timeouts.dns, then tries all addresses in order until one takes the connection
  // or `budget` is used up, from which the time taken is subtracted; each address gets a fair part
  // of what is left, so that a silent one does not use up its neighbours' time. Errors: no_address,
  // cannot_connect, tls_failed. `found` gets the addresses the name has now. Both must stay valid.
  runtime::Task<std::expected<std::unique_ptr<Connection>, SendError>> connect(
      Addresses& found, runtime::Duration& budget);

 private:
  runtime::Task<std::expected<std::unique_ptr<Connection>, SendError>> try_address(
      const runtime::Address& to, runtime::Time deadline);

  runtime::EventLoop& loop_;
  const Settings& settings_;
  Resolver& resolver_;
  Stats& stats_;
};

}  // namespace signet::origin
