#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace signet::http {

struct Cookie {
  std::string_view name;
  std::string_view value;  // as sent, perhaps with quotes
};

// The next pair of a Cookie field's value, "a=b; c=d" (RFC 6265 §4.2.1); `rest` moves past it. Read
// as servers do: at ";", white space around names and values left out; a pair without "=" is a name
// without a value. False at the end.
bool next_cookie(std::string_view& rest, Cookie& cookie);

// How many cookies of exactly this name the request has, over all its Cookie fields, and the value
// of the first. Names are compared as they are (RFC 6265 §5.4): "__Host-a" and "__host-a" differ.
struct CookieCount {
  std::uint32_t count = 0;
  std::string_view first;
};
CookieCount find_cookie(const Fields& fields, std::string_view name);

enum class SameSite : std::uint8_t { lax, strict };

// What a browser shall do with a cookie of ours (RFC 6265 §4.1, draft-ietf-httpbis-rfc6265bis).
// Always for the whole site: Path=/ and no Domain, which is also what "__Host-" demands.
struct SetCookie {
  std::string_view name;
  std::string_view value;
  bool secure = true;
  bool http_only = true;
  SameSite same_site = SameSite::lax;
  std::int64_t max_age = -1;  // seconds; 0 deletes it; below: until the browser closes
};
std::string set_cookie_text(const SetCookie& cookie);

}  // namespace signet::http
