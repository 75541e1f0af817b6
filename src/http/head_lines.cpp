#include "http/head_lines.h"

#include <cstdint>
#include <cstring>

#include "http/characters.h"

namespace signet::http {

std::expected<HeadLines::Found, ParseError> HeadLines::next(char* block, std::size_t filled,
                                                            Line& line) {
  const char* lf = nullptr;
  if (scanned_ < filled) {
    lf = static_cast<const char*>(std::memchr(block + scanned_, '\n', filled - scanned_));
  }
  // Limits come before anything else about the line, and an unfinished one counts less the CR it
  // may end with: so a line over the limit is refused alike whether or not its end has come.
  const std::size_t end = lf == nullptr ? filled : static_cast<std::size_t>(lf - block);
  const std::size_t least =
      end > at_ && (lf == nullptr || block[end - 1] == '\r') ? end - at_ - 1 : end - at_;
  if (in_fields_) {
    if (at_ - fields_begin_ + least + 2 > limits_.header_bytes) {
      return std::unexpected(ParseError::fields_too_large);
    }
  } else if (least > limits_.request_line) {
    return std::unexpected(ParseError::start_line_too_large);
  }
  if (lf == nullptr) {
    scanned_ = filled;
    return Found::need_more;
  }
  if (end == at_ || block[end - 1] != '\r') return std::unexpected(ParseError::bad_line_end);
  line = {block + at_, end - 1 - at_};
  at_ = scanned_ = end + 1;
  return Found::line;
}

std::expected<Field, ParseError> parse_field_line(Line line) {
  // obs-fold = OWS CRLF RWS (RFC 9112 §5.2): a line that begins with space continues the last.
  if (*line.begin == ' ' || *line.begin == '\t') return std::unexpected(ParseError::folded_line);
  char* at = line.begin;
  char* const end = line.begin + line.size;
  // field-name = token; RFC 9112 §5.1: no whitespace between name and colon.
  while (at != end) {
    const std::uint8_t lowered = character::kTokenLower[static_cast<std::uint8_t>(*at)];
    if (lowered == 0) break;
    *at++ = static_cast<char>(lowered);
  }
  if (at == line.begin || at == end || *at != ':') {
    return std::unexpected(ParseError::bad_field_name);
  }
  const std::string_view name(line.begin, static_cast<std::size_t>(at - line.begin));
  ++at;
  const std::string_view value = character::trim({at, static_cast<std::size_t>(end - at)});
  if (!character::is_field_value(value)) return std::unexpected(ParseError::bad_field_value);
  return Field{name, value, field_id(name)};
}

}  // namespace signet::http
