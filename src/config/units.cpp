#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace signet::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::array<Unit, 5> kTimeUnits{{{"ms", 1'000'000},
                                          {"s", kSecond},
                                          {"m", 60 * kSecond},
                                          {"h", 3600 * kSecond},
                                          {"d", 86400 * kSecond}}};
constexpr std::array<Unit, 9> kSizeUnits{{{"B", 1},
                                          {"KiB", std::uint64_t{1} << 10},
                                          {"MiB", std::uint64_t{1} << 20},
                                          {"GiB", std::uint64_t{1} << 30},
                                          {"TiB", std::uint64_t{1} << 40},
                                          {"kB", 1000},
                                          {"MB", 1000 * 1000},
                                          {"GB", 1000 * 1000 * 1000},
                                          {"TB", 1000ULL * 1000 * 1000 * 1000}}};

// A whole number and what follows it; nothing when there is no number or it does not fit.
std::optional<std::pair<std::uint64_t, std::string_view>> leading_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest == text.data()) return std::nullopt;
  return std::pair{number, std::string_view(rest, static_cast<std::size_t>(end - rest))};
}

std::expected<std::uint64_t, std::string> parse_with_unit(std::string_view text,
                                                          std::span<const Unit> units,
                                                          std::string_view example,
                                                          std::uint64_t most) {
  std::string names;
  for (const Unit& unit : units) {
    if (!names.empty()) names += ", ";
    names += unit.name;
  }
  auto parsed = leading_number(text);
  if (!parsed) {
    return std::unexpected(fmt::format(
        "\"{}\" is not a whole number with a unit ({}): write e.g. {}", text, names, example));
  }
  auto [number, name] = *parsed;
  if (name.empty()) {
    return std::unexpected(
        fmt::format("{} has no unit: write one of {} behind it, e.g. {}", text, names, example));
  }
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > most / unit.factor) return std::unexpected(fmt::format("{} is too large", text));
    return number * unit.factor;
  }
  return std::unexpected(
      fmt::format("\"{}\" is not a unit: write one of {}, e.g. {}", name, names, example));
}

std::string shortest(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

}  // namespace

std::expected<runtime::Duration, std::string> parse_duration(std::string_view text) {
  auto nanoseconds =
      parse_with_unit(text, kTimeUnits, "10s", std::numeric_limits<std::int64_t>::max());
  if (!nanoseconds) return std::unexpected(std::move(nanoseconds.error()));
  return runtime::Duration(static_cast<std::int64_t>(*nanoseconds));
}

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
  // Sums and differences of sizes stay clear of 64 bits.
  return parse_with_unit(text, kSizeUnits, "64KiB", std::uint64_t{1} << 62);
}

std::expected<std::uint32_t, std::string> parse_rate(std::string_view text) {
  if (text == "off") return 0;
  auto parsed = leading_number(text);
  if (!parsed || parsed->second != "/s") {
    return std::unexpected(
        fmt::format("\"{}\" is not a rate: write off, or a number per second, e.g. 100/s", text));
  }
  if (parsed->first == 0) return std::unexpected("0/s lets nobody through: write off for no limit");
  if (parsed->first > 1'000'000) return std::unexpected(fmt::format("{} is over 1000000/s", text));
  return static_cast<std::uint32_t>(parsed->first);
}

std::string size_text(std::uint64_t bytes) {
  return shortest(bytes, std::span(kSizeUnits).first(5));
}

std::string duration_text(runtime::Duration duration) {
  return shortest(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

}  // namespace signet::config
