#include "config/url.h"

#include <span>

#include <fmt/format.h>

#include "http/host.h"
#include "runtime/address.h"

namespace signet::config {

namespace {

std::string_view without_brackets(std::string_view host) {
  if (host.size() > 2 && host.front() == '[') return host.substr(1, host.size() - 2);
  return host;
}

std::expected<http::Authority, std::string> authority_in(std::string& text) {
  auto parsed = http::parse_authority(std::span(text.data(), text.size()));
  if (parsed) return *parsed;
  switch (parsed.error()) {
    case http::AuthorityError::empty: return std::unexpected("the host is missing");
    case http::AuthorityError::bad_port:
      return std::unexpected(fmt::format("\"{}\" has no lawful port: write 1 to 65535", text));
    case http::AuthorityError::bad_host: break;
  }
  return std::unexpected(fmt::format(
      "\"{}\" is not a host: write a name of ASCII letters, digits and hyphens, an IPv4 address or "
      "an IPv6 address in brackets, without user name",
      text));
}

// Segments of unreserved characters (RFC 3986 §2.3), none of them "." or "..".
bool is_plain_path(std::string_view path) {
  while (!path.empty()) {
    if (path.front() != '/') return false;
    path.remove_prefix(1);
    std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return false;
    for (char c : segment) {
      bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letter && c != '-' && c != '.' && c != '_' && c != '~') return false;
    }
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

std::string Url::authority() const {
  bool v6 = host.find(':') != std::string::npos;
  std::string text = v6 ? fmt::format("[{}]", host) : host;
  if (!is_default_port()) text += fmt::format(":{}", port);
  return text;
}

std::string Url::origin() const {
  return fmt::format("{}://{}", scheme(), authority());
}

std::string Url::text() const {
  return origin() + path;
}

bool Url::is_loopback() const {
  return is_loopback_host(host);
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.https = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return std::unexpected(fmt::format("\"{}\" does not begin with https:// or http://", text));
  }
  // Not repeated: what stands before the @ may be a password.
  if (rest.find('@') != std::string_view::npos) {
    return std::unexpected("it has an @, as before a host a user name would have: leave that out");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return std::unexpected(fmt::format("\"{}\" has a query or fragment: leave it out", text));
  }
  std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string host(rest.substr(0, slash));
  auto authority = authority_in(host);
  if (!authority) return std::unexpected(std::move(authority.error()));
  url.host = without_brackets(authority->host);
  url.port = authority->port_or(url.https ? 443 : 80);
  url.path = rest.substr(slash);
  if (url.path == "/") url.path.clear();
  if (url.path.ends_with('/')) {
    return std::unexpected(fmt::format("\"{}\" ends in a slash: leave it out", text));
  }
  if (!is_plain_path(url.path)) {
    return std::unexpected(fmt::format(
        "the path \"{}\" has an empty or dot segment, or more than letters, digits and -._~",
        url.path));
  }
  return url;
}

std::expected<std::string, std::string> parse_host_and_port(std::string_view text) {
  std::string host(text);
  auto authority = authority_in(host);
  if (!authority) return std::unexpected(std::move(authority.error()));
  if (authority->port == 0) return std::string(authority->host);
  return fmt::format("{}:{}", authority->host, authority->port);
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  auto address = runtime::Address::numeric(host, 0);
  return address && address->is_loopback();
}

}  // namespace signet::config
