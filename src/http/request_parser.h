#pragma once

#include <cstddef>
#include <expected>

#include "http/head.h"
#include "http/head_lines.h"
#include "http/limits.h"
#include "http/parse_error.h"
#include "runtime/arena.h"

namespace signet::http {

// Reads one HTTP/1 request head (RFC 9112 §2.1, §3, §5), stricter where design.md §1.3 says so.
//
// Call parse() whenever bytes were appended to the block, which must start at the head's first
// byte. Between calls the block may move, with its bytes. Lines are judged as soon as they are
// complete, each byte is scanned once, and the outcome does not depend on the fragments. Names are
// lower-cased in the block. The arena and the block must outlive the head. One parser per head.
class RequestParser {
 public:
  RequestParser(runtime::Arena& arena, const HeadLimits& limits)
      : lines_(limits), max_fields_(limits.header_count), head_(arena) {}

  std::expected<Progress, ParseError> parse(char* block, std::size_t filled);

  // Valid once parse() said complete. After an error what was read so far: method, version, and
  // fields, none of it to be relied on.
  RequestHead& head() { return head_; }

 private:
  std::expected<void, ParseError> read_request_line(Line line);
  std::expected<void, ParseError> read_field(Line line);
  std::expected<void, ParseError> judge();
  std::expected<void, ParseError> judge_host();

  HeadLines lines_;
  std::size_t max_fields_;
  RequestHead head_;
  char* block_ = nullptr;
  std::size_t field_count_ = 0;
  // Offsets, because the block may move until the head is complete.
  std::size_t method_offset_ = 0;
  std::size_t method_size_ = 0;
  std::size_t raw_target_offset_ = 0;
  std::size_t raw_target_size_ = 0;  // 0: the request line is still to come
};

}  // namespace signet::http
