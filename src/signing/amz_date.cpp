#include "signing/amz_date.h"

#include <chrono>

namespace signet::signing {

namespace {

void write_digits(char* to, int digits, int value) {
  for (int i = digits - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

}  // namespace

AmzDate::AmzDate(std::int64_t unix_seconds) : unix_seconds_(unix_seconds) {
  using std::chrono::days;
  const std::chrono::sys_seconds moment{std::chrono::seconds(unix_seconds)};
  const auto midnight = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date{midnight};
  const auto second_of_day = static_cast<int>((moment - midnight).count());

  char* text = text_.data();
  write_digits(text, 4, static_cast<int>(date.year()));
  write_digits(text + 4, 2, static_cast<int>(static_cast<unsigned>(date.month())));
  write_digits(text + 6, 2, static_cast<int>(static_cast<unsigned>(date.day())));
  text[8] = 'T';
  write_digits(text + 9, 2, second_of_day / 3600);
  write_digits(text + 11, 2, second_of_day / 60 % 60);
  write_digits(text + 13, 2, second_of_day % 60);
  text[15] = 'Z';
}

std::optional<AmzDate> AmzDate::parse(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto day = number(text.substr(0, 8));
  const auto time = number(text.substr(9, 6));
  if (!day || !time) return std::nullopt;

  const std::chrono::year_month_day date{
      std::chrono::year(*day / 10000), std::chrono::month(static_cast<unsigned>(*day / 100 % 100)),
      std::chrono::day(static_cast<unsigned>(*day % 100))};
  const int hour = *time / 10000;
  const int minute = *time / 100 % 100;
  const int second = *time % 100;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto moment = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                      std::chrono::minutes(minute) + std::chrono::seconds(second);
  return AmzDate(std::chrono::seconds(moment).count());
}

}  // namespace signet::signing
