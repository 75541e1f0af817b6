#include "http/date.h"

#include <chrono>
#include <cstddef>
#include <cstring>

#include "http/characters.h"

namespace signet::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put_number(char* to, unsigned value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// -1 when a byte is no digit.
int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (!character::is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Which three-letter name `text` is, or -1.
int name_index(std::string_view names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); i += 3) {
    if (names.substr(i, 3) == text) return static_cast<int>(i / 3);
  }
  return -1;
}

}  // namespace

DateText format_date(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  DateText text;
  std::memcpy(text.data(), "Sun, 06 Nov 1994 08:49:37 GMT", kDateLength);
  std::memcpy(text.data(), &kDays[std::chrono::weekday(day).c_encoding() * 3], 3);
  put_number(&text[5], static_cast<unsigned>(date.day()), 2);
  std::memcpy(&text[8], &kMonths[(static_cast<unsigned>(date.month()) - 1) * 3], 3);
  put_number(&text[12], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_number(&text[17], static_cast<unsigned>(clock.hours().count()), 2);
  put_number(&text[20], static_cast<unsigned>(clock.minutes().count()), 2);
  put_number(&text[23], static_cast<unsigned>(clock.seconds().count()), 2);
  return text;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  // IMF-fixdate = day-name "," SP day SP month SP year SP hour ":" minute ":" second SP GMT
  if (text.size() != kDateLength || text.substr(3, 2) != ", " || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' ||
      text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const int weekday = name_index(kDays, text.substr(0, 3));
  const int day = number(text.substr(5, 2));
  const int month = name_index(kMonths, text.substr(8, 3));
  const int year = number(text.substr(12, 4));
  const int hour = number(text.substr(17, 2));
  const int minute = number(text.substr(20, 2));
  int second = number(text.substr(23, 2));
  if (second == 60) second = 59;  // a leap second, which Unix time does not have
  if (weekday < 0 || day < 0 || month < 0 || year < 1970 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month) + 1),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_days days(date);
  if (std::chrono::weekday(days).c_encoding() != static_cast<unsigned>(weekday)) {
    return std::nullopt;
  }
  return std::chrono::sys_seconds(days).time_since_epoch().count() + hour * 3600 + minute * 60 +
         second;
}

}  // namespace signet::http
