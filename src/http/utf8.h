#pragma once

#include <cstdint>

namespace signet::http {

// Checks bytes one by one against RFC 3629 §4: no overlong forms, no surrogates, nothing past
// U+10FFFF.
class Utf8Check {
 public:
  // False when `byte` cannot come here.
  bool accept(std::uint8_t byte) {
    if (needed_ != 0) {
      if (byte < low_ || byte > high_) return false;
      --needed_;
      low_ = 0x80;
      high_ = 0xBF;
      return true;
    }
    if (byte < 0x80) return true;
    if (byte < 0xC2 || byte > 0xF4) return false;
    needed_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (byte == 0xE0) low_ = 0xA0;
    if (byte == 0xED) high_ = 0x9F;
    if (byte == 0xF0) low_ = 0x90;
    if (byte == 0xF4) high_ = 0x8F;
    return true;
  }
  // Not inside a character.
  bool complete() const { return needed_ == 0; }

 private:
  std::uint8_t needed_ = 0;  // continuation bytes
  std::uint8_t low_ = 0x80;  // bounds of the next one
  std::uint8_t high_ = 0xBF;
};

}  // namespace signet::http
