#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "http/limits.h"
#include "runtime/clock.h"
#include "runtime/tls.h"

namespace signet::origin {

struct Timeouts {
  runtime::Duration connect = std::chrono::seconds(3);     // all addresses and TLS together
  runtime::Duration queue = std::chrono::seconds(5);       // for a connection of a full pool
  runtime::Duration response = std::chrono::seconds(120);  // request sent whole → head complete
  runtime::Duration stall = std::chrono::seconds(300);     // without progress inside a body
  runtime::Duration idle = std::chrono::seconds(4);  // below the 5 s after which uvicorn closes
  runtime::Duration dns = std::chrono::seconds(5);
};

// One upstream, as one loop sees it.
struct Settings {
  std::string name;  // for messages
  bool https = false;
  std::string host;  // lower-case name, or a numeric address without brackets
  std::uint16_t port = 80;
  // What stands before every path here, "" or "/x". For whoever composes an Outgoing: the path that
  // was decided and signed is sent as it is.
  std::string base_path;
  runtime::TlsClientContext* tls = nullptr;  // borrowed; needed with https
  // An HTTP proxy through which the host is reached, "" for none; only with https.
  std::string proxy_host;
  std::uint16_t proxy_port = 0;
  Timeouts timeouts;
  std::size_t connections = 64;  // this loop's share of limits.origin_connections, at least 1
  http::HeadLimits head_limits;  // of answers

  // Whose name is resolved and who is connected to: the host, or its proxy.
  const std::string& next_host() const { return proxy_host.empty() ? host : proxy_host; }
  std::uint16_t next_port() const { return proxy_host.empty() ? port : proxy_port; }
};

// The value of Host (RFC 9110 §7.2): no default port, brackets around IPv6. Also what is signed.
std::string host_field(const Settings& settings);

}  // namespace signet::origin
