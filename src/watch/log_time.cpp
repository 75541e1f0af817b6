#include "watch/log_time.h"

#include <array>
#include <chrono>
#include <string_view>

namespace signet::watch {

namespace {

// Writes `value` with leading zeros.
template <std::size_t digits>
void put(char* to, unsigned value) {
  for (std::size_t i = digits; i-- > 0; value /= 10)
    to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void append_time(std::string& out, std::int64_t unix_micros) {
  std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(unix_micros)};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  auto micros = static_cast<std::uint64_t>((time - day).count());
  auto seconds = static_cast<unsigned>(micros / 1'000'000);
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000000Z";
  std::array<char, kShape.size()> text;
  kShape.copy(text.data(), text.size());
  put<4>(text.data(), static_cast<unsigned>(static_cast<int>(date.year())));
  put<2>(text.data() + 5, static_cast<unsigned>(date.month()));
  put<2>(text.data() + 8, static_cast<unsigned>(date.day()));
  put<2>(text.data() + 11, seconds / 3600);
  put<2>(text.data() + 14, seconds / 60 % 60);
  put<2>(text.data() + 17, seconds % 60);
  put<6>(text.data() + 20, static_cast<unsigned>(micros % 1'000'000));
  out.append(text.data(), text.size());
}

}  // namespace signet::watch
