#include "http/framing.h"

#include "http/characters.h"

namespace signet::http {

std::expected<std::uint64_t, ParseError> parse_content_length(std::string_view value) {
  // 2^63-1 has 19 digits, so 19 digits never overflow 64 bits.
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << 63) - 1;
  const bool leading_zero = value.size() > 1 && value[0] == '0';
  if (value.empty() || value.size() > 19 || leading_zero) {
    return std::unexpected(ParseError::bad_content_length);
  }
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!character::is_digit(c)) return std::unexpected(ParseError::bad_content_length);
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (length > kLargest) return std::unexpected(ParseError::bad_content_length);
  return length;
}

std::expected<BodyFraming, ParseError> framing_of(const Fields& fields, int minor_version) {
  const Field* coding = fields.find(FieldId::transfer_encoding);
  const Field* length = fields.find(FieldId::content_length);
  if (coding != nullptr) {
    // RFC 9112 §6.1: a sender in HTTP/1.0 cannot mean it; a coding we cannot undo cannot be framed.
    if (minor_version == 0) return std::unexpected(ParseError::transfer_encoding_in_1_0);
    if (length != nullptr) return std::unexpected(ParseError::length_and_transfer_encoding);
    if (fields.count(FieldId::transfer_encoding) != 1 ||
        !character::equals_ignoring_case(coding->value, "chunked")) {
      return std::unexpected(ParseError::bad_transfer_encoding);
    }
    return BodyFraming{BodyFraming::Kind::chunked, 0};
  }
  if (length == nullptr) return BodyFraming{};
  if (fields.count(FieldId::content_length) != 1) {
    return std::unexpected(ParseError::repeated_content_length);
  }
  const std::expected<std::uint64_t, ParseError> bytes = parse_content_length(length->value);
  if (!bytes) return std::unexpected(bytes.error());
  return BodyFraming{BodyFraming::Kind::length, *bytes};
}

}  // namespace signet::http
