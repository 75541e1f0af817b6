#pragma once

#include <cstddef>

namespace signet::http {

// What a head may cost, in bytes and lines. A block of max_head_bytes() holds every lawful head.
struct HeadLimits {
  std::size_t request_line =
      std::size_t{32} * 1024;  // without its CRLF; the status line of a response too
  std::size_t header_bytes =
      std::size_t{64} * 1024;      // all field lines with their CRLFs and the empty line
  std::size_t header_count = 128;  // field lines, dropped ones included

  // One ignored empty line, the request line with its CRLF, the field lines.
  constexpr std::size_t max_head_bytes() const { return 2 + request_line + 2 + header_bytes; }
};

}  // namespace signet::http
