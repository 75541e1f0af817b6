#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signet::http {

inline constexpr std::size_t kDateLength = 29;
using DateText = std::array<char, kDateLength>;

// RFC 9110 §5.6.7, IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT". Seconds since 1970 UTC, years
// 1970–9999.
DateText format_date(std::int64_t unix_seconds);

// Only IMF-fixdate; the obsolete forms and impossible dates are nullopt. Seconds since 1970 UTC.
std::optional<std::int64_t> parse_date(std::string_view text);

}  // namespace signet::http
