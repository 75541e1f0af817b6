#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace signet::config {

// scheme://host[:port][/path] — all this program takes: http or https, no userinfo, query or
// fragment, the host in lower case and ASCII.
struct Url {
  bool https = false;
  std::string host;        // without brackets; an IPv6 address or a name
  std::uint16_t port = 0;  // always set: 80 or 443 when none was given
  std::string path;        // "" or "/prefix", never with a trailing slash; normalised

  bool operator==(const Url&) const = default;
  std::string_view scheme() const { return https ? "https" : "http"; }
  bool is_default_port() const { return port == (https ? 443 : 80); }
  // "example.com", "example.com:8443", "[::1]:80"; the port is left out when it is the scheme's.
  // What a Host header says.
  std::string authority() const;
  // scheme://authority, as an Origin header says.
  std::string origin() const;
  // origin and path.
  std::string text() const;
  bool is_loopback() const;
};

// The error is one sentence: what is wrong, and what would be right. "https://host/" has path "".
std::expected<Url, std::string> parse_url(std::string_view text);

// "example.com", "example.com:8443", "[::1]", in lower case; the error is one sentence.
std::expected<std::string, std::string> parse_host_and_port(std::string_view text);

// localhost, 127.0.0.0/8, ::1 (brackets allowed). Names are not resolved.
bool is_loopback_host(std::string_view host);

}  // namespace signet::config
