#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "runtime/clock.h"

namespace signet::config {

// "250ms", "10s", "5m", "12h", "90d": a whole number and its unit. The error is one sentence.
std::expected<runtime::Duration, std::string> parse_duration(std::string_view text);

// "64KiB", "5GiB", "10MB", "512B": a whole number and its unit (B, KiB, MiB, GiB, TiB, kB, MB, GB,
// TB), in bytes. The error is one sentence.
std::expected<std::uint64_t, std::string> parse_size(std::string_view text);

// "off" is 0, "100/s" is 100 per second. The error is one sentence.
std::expected<std::uint32_t, std::string> parse_rate(std::string_view text);

// The shortest exact way to write it: 65536 is "64KiB".
std::string size_text(std::uint64_t bytes);
std::string duration_text(runtime::Duration duration);

}  // namespace signet::config
