#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace signet::http {

enum class AuthorityError : std::uint8_t { empty, bad_host, bad_port };

// RFC 3986 §3.2 without userinfo: host [ ":" port ].
struct Authority {
  std::string_view host;   // lower-case; an IPv6 address with its brackets
  std::uint16_t port = 0;  // 0: none was given

  std::uint16_t port_or(std::uint16_t otherwise) const { return port == 0 ? otherwise : port; }
  bool operator==(const Authority&) const = default;
};

// Parses and lower-cases in place; the host is a view into `text`. Narrower than RFC 3986: no
// userinfo, no percent-encoding, no zone, no IPvFuture; a name is labels of letters, digits, "-"
// and
// "_", each 1–63 long, 253 in all, without a trailing dot; a port is 1–65535 without leading zero.
std::expected<Authority, AuthorityError> parse_authority(std::span<char> text);

}  // namespace signet::http
