#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signet::signing {

// A moment as x-amz-date spells it: 20150830T123600Z (ISO 8601 basic format, always UTC).
class AmzDate {
 public:
  // Seconds since 1970-01-01T00:00:00Z, up to the year 9999.
  explicit AmzDate(std::int64_t unix_seconds);
  // Nothing unless `text` is exactly such a spelling of a moment that exists.
  static std::optional<AmzDate> parse(std::string_view text);

  // The views live as long as this object.
  std::string_view text() const { return {text_.data(), text_.size()}; }
  std::string_view day() const { return text().substr(0, 8); }
  std::int64_t unix_seconds() const { return unix_seconds_; }

 private:
  std::int64_t unix_seconds_;
  std::array<char, 16> text_;
};

}  // namespace signet::signing
