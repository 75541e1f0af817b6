#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signet::credentials {

// Exactly "2026-01-31T12:00:00Z", seconds with or without a fraction of 1–9 digits (dropped): Unix
// seconds. Nothing for another spelling and for a moment that does not exist; no leap seconds.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

// The same spelling without a fraction; years 1970–9999.
std::string iso_time(std::int64_t unix_seconds);

}  // namespace signet::credentials
