#include "config/units.h"

#include <vector>

#include <gtest/gtest.h>

namespace signet::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("250ms"), runtime::Duration(milliseconds(250)));
  EXPECT_EQ(parse_duration("0s"), runtime::Duration(0));
  EXPECT_EQ(parse_duration("10s"), runtime::Duration(seconds(10)));
  EXPECT_EQ(parse_duration("5m"), runtime::Duration(seconds(300)));
  EXPECT_EQ(parse_duration("12h"), runtime::Duration(hours(12)));
  EXPECT_EQ(parse_duration("90d"), runtime::Duration(hours(90 * 24)));
  for (std::string_view bad : {"", "s", "10", "10 s", " 10s", "10S", "1.5s", "-1s", "+1s", "10us",
                               "10min", "0x1s", "300000000d", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
  EXPECT_EQ(parse_duration("10").error(),
            "10 has no unit: write one of ms, s, m, h, d behind it, e.g. 10s");
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("0B"), 0u);
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("8MiB"), std::uint64_t{8} << 20);
  EXPECT_EQ(parse_size("5GiB"), std::uint64_t{5} << 30);
  EXPECT_EQ(parse_size("2TiB"), std::uint64_t{2} << 40);
  EXPECT_EQ(parse_size("3kB"), 3000u);
  EXPECT_EQ(parse_size("3MB"), 3'000'000u);
  EXPECT_EQ(parse_size("3GB"), 3'000'000'000u);
  EXPECT_EQ(parse_size("3TB"), 3'000'000'000'000u);
  for (std::string_view bad : {"", "64", "64 KiB", "64K", "64kb", "64KB", "64kib", "1.5GiB", "-1B",
                               "GiB", "18446744073709551615B", "99999999TiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  EXPECT_NE(parse_size("64KB").error().find("\"KB\" is not a unit"), std::string::npos);
}

TEST(Units, Rates) {
  EXPECT_EQ(parse_rate("off"), 0u);
  EXPECT_EQ(parse_rate("100/s"), 100u);
  for (std::string_view bad : {"", "0/s", "100", "100/m", "/s", "-1/s", "1.5/s", "OFF", "0",
                               "99999999999/s", "2000000/s"}) {
    EXPECT_FALSE(parse_rate(bad)) << bad;
  }
}

TEST(Units, Texts) {
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(size_text(1000), "1000B");
  EXPECT_EQ(size_text(65536), "64KiB");
  EXPECT_EQ(size_text(std::uint64_t{5} << 30), "5GiB");
  EXPECT_EQ(duration_text(milliseconds(1500)), "1500ms");
  EXPECT_EQ(duration_text(seconds(90)), "90s");
  EXPECT_EQ(duration_text(hours(24)), "1d");
}

}  // namespace
}  // namespace signet::config
