#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/fields.h"
#include "http/parse_error.h"

namespace signet::http {

// How a message's body is delimited (RFC 9112 §6.3).
struct BodyFraming {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // of Kind::length; 0 is lawful and means an empty body

  bool has_body() const { return kind != Kind::none && !(kind == Kind::length && length == 0); }
  bool operator==(const BodyFraming&) const = default;
};

// RFC 9110 §8.6, stricter: Content-Length = "0" / ( %x31-39 *DIGIT ), at most 2^63-1.
std::expected<std::uint64_t, ParseError> parse_content_length(std::string_view value);

// What Content-Length and Transfer-Encoding say together: none, length or chunked. Refuses either
// one repeated or list-valued, both at once, any coding but "chunked", and any coding in HTTP/1.0.
std::expected<BodyFraming, ParseError> framing_of(const Fields& fields, int minor_version);

}  // namespace signet::http
