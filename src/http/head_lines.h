#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "http/fields.h"
#include "http/limits.h"
#include "http/parse_error.h"

namespace signet::http {

// What a head parser knows after a call.
struct Progress {
  bool complete = false;
  std::size_t head_length = 0;  // bytes up to and including the empty line, once complete
};

// A line of a head without its CRLF, in the head's block.
struct Line {
  char* begin = nullptr;
  std::size_t size = 0;
  std::string_view text() const { return {begin, size}; }
};

// Walks the lines of a growing head and holds them to the limits and to CRLF.
class HeadLines {
 public:
  explicit HeadLines(const HeadLimits& limits) : limits_(limits) {}

  enum class Found : unsigned char { need_more, line };
  // The next whole line of `block`, of which `filled` bytes are there.
  std::expected<Found, ParseError> next(char* block, std::size_t filled, Line& line);

  // The lines that follow are field lines.
  void start_line_done() {
    in_fields_ = true;
    fields_begin_ = at_;
  }
  // Where the next line begins: bytes of the head so far.
  std::size_t position() const { return at_; }

 private:
  HeadLimits limits_;
  std::size_t at_ = 0;       // where the next line begins
  std::size_t scanned_ = 0;  // before this there is no LF of the next line
  std::size_t fields_begin_ = 0;
  bool in_fields_ = false;
};

// RFC 9112 §5: field-line = field-name ":" OWS field-value OWS. Lower-cases the name in place.
// No obs-fold, no space before the colon, no control character but HTAB in the value.
std::expected<Field, ParseError> parse_field_line(Line line);

}  // namespace signet::http
