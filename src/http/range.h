#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace signet::http {

// First and last byte, both included, inside the representation.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

// More ranges than this in one field, and the field is ignored (RFC 9110 §14.2 allows it).
inline constexpr std::size_t kMaxRanges = 8;

struct Ranges {
  enum class Kind : std::uint8_t {
    ignored,        // another unit, malformed, or too many: answer 200 with everything
    satisfiable,    // 206; ranges that start past the end were left out
    unsatisfiable,  // 416 with Content-Range: bytes */length
  };
  Kind kind = Kind::ignored;
  std::array<ByteRange, kMaxRanges> list;
  std::size_t count = 0;

  std::span<const ByteRange> ranges() const { return {list.data(), count}; }
};

// RFC 9110 §14.2: Range = bytes-unit "=" range-set, for a representation of `length` bytes.
Ranges parse_range(std::string_view value, std::uint64_t length);

}  // namespace signet::http
