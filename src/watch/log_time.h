#pragma once

#include <cstdint>
#include <string>

namespace signet::watch {

// Appends 2026-11-23T19:06:00.123456Z (RFC 3339). Years 1970 to 9999.
void append_time(std::string& out, std::int64_t unix_micros);

}  // namespace signet::watch
