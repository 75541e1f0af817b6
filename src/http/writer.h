#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "http/fields.h"

namespace signet::http {

enum class WriteError : std::uint8_t {
  too_small,       // size_needed() says what would do
  forbidden_byte,  // CR, LF, NUL or another control character in a part; nothing may be sent
};

// Writes an HTTP/1.1 head into room the caller gives. Calls go on past the end of the room without
// writing, so that finish() can say how much is needed. No byte of a value can end a line.
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> room) : room_(room) {}

  // RFC 9112 §3: method SP path ["?" query] SP HTTP/1.1. `target` parts must be normalised.
  void request_line(std::string_view method, std::string_view path, std::string_view query,
                    bool has_query);
  // RFC 9112 §4. Always HTTP/1.1 (RFC 9110 §2.5: the version we speak, not the client's).
  void status_line(int status);
  void field(std::string_view name, std::string_view value);
  void field(FieldId id, std::string_view value);
  void field(FieldId id, std::uint64_t value);
  void fields(const Fields& fields);

  // Writes the empty line. The bytes written, from the start of the room.
  std::expected<std::size_t, WriteError> finish();
  std::size_t size_needed() const { return used_; }

 private:
  void put(std::string_view text);
  void put_line(std::string_view name, std::string_view value);

  std::span<char> room_;
  std::size_t used_ = 0;
  bool forbidden_ = false;
};

}  // namespace signet::http
