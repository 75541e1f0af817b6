#include "http/host.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include <arpa/inet.h>

#include "http/characters.h"

namespace signet::http {
namespace {

// port = *DIGIT (RFC 3986 §3.2.3); here 1–65535 in its shortest form.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return std::nullopt;
  std::uint32_t port = 0;
  for (const char c : text) {
    if (!character::is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// IP-literal = "[" IPv6address "]" (RFC 3986 §3.2.2). `text` is what is between the brackets.
bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> address{};
  if (text.size() >= address.size()) return false;
  for (const char c : text) {
    if (character::hex_value(c) == 0xFF && c != ':' && c != '.') return false;
  }
  std::memcpy(address.data(), text.data(), text.size());
  in6_addr parsed;
  return inet_pton(AF_INET6, address.data(), &parsed) == 1;
}

// reg-name, narrowed to labels as RFC 1123 §2.1 has them, and "_", which container names have.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (character::is_alpha(c) || character::is_digit(c) || c == '-' || c == '_') {
      if (++label > 63) return false;
    } else {
      return false;
    }
  }
  return label != 0;
}

}  // namespace

std::expected<Authority, AuthorityError> parse_authority(std::span<char> text) {
  const std::string_view whole(text.data(), text.size());
  if (whole.empty()) return std::unexpected(AuthorityError::empty);
  std::size_t host_size;
  if (whole[0] == '[') {
    const std::size_t bracket = whole.find(']');
    if (bracket == std::string_view::npos || !is_ipv6(whole.substr(1, bracket - 1))) {
      return std::unexpected(AuthorityError::bad_host);
    }
    host_size = bracket + 1;
  } else {
    host_size = whole.find(':');
    if (host_size == std::string_view::npos) host_size = whole.size();
    if (!is_name(whole.substr(0, host_size))) return std::unexpected(AuthorityError::bad_host);
  }
  Authority authority;
  if (host_size != whole.size()) {
    if (whole[host_size] != ':') return std::unexpected(AuthorityError::bad_host);
    const std::optional<std::uint16_t> port = parse_port(whole.substr(host_size + 1));
    if (!port) return std::unexpected(AuthorityError::bad_port);
    authority.port = *port;
  }
  for (char& c : text.first(host_size))
    c = character::lower(c);
  authority.host = whole.substr(0, host_size);
  return authority;
}

}  // namespace signet::http
