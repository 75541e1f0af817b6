#include "origin/tunnel.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace signet::origin {

namespace {

constexpr std::size_t kLongestHead = 8 << 10;
constexpr std::string_view kEnd = "\r\n\r\n";

std::unexpected<std::string> failure(std::string_view why) {
  return std::unexpected(fmt::format("the proxy {}", why));
}

// Any 2xx is a tunnel, whatever its fields say of a body (RFC 9110 §9.3.6).
std::expected<void, std::string> judge(std::string_view head) {
  const bool is_http = head.starts_with("HTTP/1.1 ") || head.starts_with("HTTP/1.0 ");
  const std::string_view status = is_http ? head.substr(9, 3) : std::string_view();
  const bool is_status = status.size() == 3 &&
                         std::ranges::all_of(status, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_status || (head[12] != ' ' && head[12] != '\r')) return failure("does not speak HTTP/1");
  if (status.front() != '2') return failure(fmt::format("answered {} to CONNECT", status));
  return {};
}

}  // namespace

runtime::Task<std::expected<void, std::string>> open_tunnel(runtime::Stream& stream,
                                                            std::string authority,
                                                            runtime::Time deadline) {
  const std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority);
  runtime::EventLoop& loop = stream.loop();
  auto wrote = co_await runtime::write_all(stream, request, deadline - loop.now());
  if (!wrote) co_return failure("closed the connection, or does not read");
  std::string head;
  std::array<char, 1024> room;
  while (head.find(kEnd) == std::string::npos) {
    auto got = co_await runtime::read_some(stream, room, deadline);
    if (!got && got.error() == runtime::IoError::timed_out) {
      co_return failure("did not answer CONNECT in time");
    }
    if (!got) co_return failure("closed the connection");
    head.append(room.data(), *got);
    if (head.size() > kLongestHead) co_return failure("answered CONNECT with too long a head");
  }
  // The other end of a tunnel to TLS waits for us to begin.
  if (!head.ends_with(kEnd)) co_return failure("sent more than its answer to CONNECT");
  co_return judge(head);
}

}  // namespace signet::origin
