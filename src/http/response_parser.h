#pragma once

#include <cstddef>
#include <expected>

#include "http/head.h"
#include "http/head_lines.h"
#include "http/limits.h"
#include "http/method.h"
#include "http/parse_error.h"
#include "runtime/arena.h"

namespace signet::http {

// Reads one HTTP/1 response head (RFC 9112 §4) of an origin as strictly as a request's: engine rule
// 25. Used like RequestParser: one per head, so an interim answer is followed by a new parser.
// A 101 is refused (we never send Upgrade); counting interim answers is the caller's.
class ResponseParser {
 public:
  // `asked`: the method of the request, since an answer to HEAD has no body.
  ResponseParser(runtime::Arena& arena, const HeadLimits& limits, Method asked)
      : lines_(limits), max_fields_(limits.header_count), head_(arena), asked_(asked) {}

  std::expected<Progress, ParseError> parse(char* block, std::size_t filled);

  // Valid once parse() said complete.
  IncomingHead& head() { return head_; }

 private:
  std::expected<void, ParseError> read_status_line(Line line);
  std::expected<void, ParseError> judge();

  HeadLines lines_;
  std::size_t max_fields_;
  IncomingHead head_;
  Method asked_;
  char* block_ = nullptr;
  std::size_t field_count_ = 0;
  bool status_line_read_ = false;
};

}  // namespace signet::http
