#include "credentials/iso_time.h"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>

namespace signet::credentials {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() < kShape.size() + 1 || text.back() != 'Z') return std::nullopt;
  std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
  if (!fraction.empty() &&
      (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 10 ||
       !std::ranges::all_of(fraction.substr(1), is_digit))) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
  }
  auto number = [&](std::size_t at, std::size_t digits) {
    unsigned value = 0;
    for (char c : text.substr(at, digits))
      value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
  };
  std::chrono::year_month_day day{std::chrono::year(static_cast<int>(number(0, 4))),
                                  std::chrono::month(number(5, 2)), std::chrono::day(number(8, 2))};
  unsigned hour = number(11, 2);
  unsigned minute = number(14, 2);
  unsigned second = number(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(day).time_since_epoch().count() * std::int64_t{86400} + hour * 3600 +
         minute * 60 + second;
}

std::string iso_time(std::int64_t unix_seconds) {
  std::chrono::sys_seconds moment{std::chrono::seconds(unix_seconds)};
  auto midnight = std::chrono::floor<std::chrono::days>(moment);
  std::chrono::year_month_day day(midnight);
  auto rest = (moment - midnight).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace signet::credentials
