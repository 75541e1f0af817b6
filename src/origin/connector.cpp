#include "origin/connector.h"

#include <utility>

#include <fmt/format.h>

#include "origin/tunnel.h"
#include "runtime/socket.h"
#include "runtime/tls.h"

namespace signet::origin {

using Made = std::expected<std::unique_ptr<Connection>, SendError>;

runtime::Task<Made> Connector::connect(Addresses& found, runtime::Duration& budget) {
  auto resolved = co_await resolver_.resolve(settings_.next_host(), settings_.next_port(),
                                             runtime::after(loop_.now(), settings_.timeouts.dns));
  if (!resolved) {
    stats_.connect_failures.add();
    co_return std::unexpected(
        SendError{.kind = SendError::Kind::no_address, .detail = std::move(resolved).error().why});
  }
  found = std::move(*resolved);
  const runtime::Time begin = loop_.now();
  const runtime::Time deadline = runtime::after(begin, budget);
  Made made = std::unexpected(SendError{.kind = SendError::Kind::cannot_connect, .detail = {}});
  for (std::size_t i = 0; i < found.size() && loop_.now() < deadline; ++i) {
    const auto left = static_cast<runtime::Duration::rep>(found.size() - i);
    const runtime::Time share = loop_.now() + (deadline - loop_.now()) / left;
    made = co_await try_address(found[i], share);
    if (made) break;
  }
  budget -= loop_.now() - begin;
  if (made) {
    stats_.connects.add();
    co_return made;
  }
  if (made.error().kind == SendError::Kind::tls_failed) {
    stats_.tls_failures.add();
  } else {
    stats_.connect_failures.add();
  }
  co_return made;
}

runtime::Task<Made> Connector::try_address(const runtime::Address& to, runtime::Time deadline) {
  auto socket = co_await runtime::Socket::connect(loop_, to, deadline);
  if (!socket) {
    const bool late = socket.error() == runtime::IoError::timed_out;
    co_return std::unexpected(SendError{
        .kind = SendError::Kind::cannot_connect,
        .detail = fmt::format("{} {}", to.text(),
                              late ? "did not answer in time" : "refused or is unreachable")});
  }
  auto made = std::make_unique<Connection>();
  made->peer = to;
  if (!settings_.https) {
    made->stream = std::move(*socket);
    co_return made;
  }
  if (!settings_.proxy_host.empty()) {
    const bool v6 = settings_.host.contains(':');
    const std::string host = v6 ? fmt::format("[{}]", settings_.host) : settings_.host;
    auto opening = open_tunnel(**socket, fmt::format("{}:{}", host, settings_.port), deadline);
    if (auto tunnel = co_await std::move(opening); !tunnel) {
      co_return std::unexpected(SendError{
          .kind = SendError::Kind::cannot_connect,
          .detail = fmt::format("{} through {}: {}", settings_.host, to.text(), tunnel.error())});
    }
  }
  auto stream = settings_.tls->open(std::move(*socket), settings_.host, settings_.port);
  auto agreed = co_await stream->handshake(deadline);
  if (!agreed) {
    co_return std::unexpected(SendError{
        .kind = SendError::Kind::tls_failed,
        .detail = fmt::format("{} at {}: {}", settings_.host, to.text(), stream->failure())});
  }
  made->stream = std::move(stream);
  co_return made;
}

}  // namespace signet::origin
