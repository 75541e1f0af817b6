#include "credentials/iso_time.h"

#include <gtest/gtest.h>

namespace signet::credentials {
namespace {

TEST(IsoTime, ReadsExactlyOneSpelling) {
  struct Row {
    std::string_view text;
    std::optional<std::int64_t> seconds;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"1970-01-01T00:00:00Z", 0},
           {"2015-08-30T12:36:00Z", 1440938160},
           {"2015-08-30T12:36:00.000Z", 1440938160},
           {"2015-08-30T12:36:59.999999999Z", 1440938219},
           {"2024-02-29T23:59:59Z", 1709251199},
           {"9999-12-31T23:59:59Z", 253402300799},
           {"", {}},
           {"Z", {}},
           {"2023-02-29T00:00:00Z", {}},
           {"2024-13-01T00:00:00Z", {}},
           {"2024-00-01T00:00:00Z", {}},
           {"2024-01-00T00:00:00Z", {}},
           {"2024-01-01T24:00:00Z", {}},
           {"2024-01-01T00:60:00Z", {}},
           {"2024-01-01T00:00:60Z", {}},
           {"2024-01-01 00:00:00Z", {}},
           {"2024-01-01t00:00:00z", {}},
           {"2024-01-01T00:00:00", {}},
           {"2024-01-01T00:00:00+00:00", {}},
           {"2024-01-01T00:00:00.Z", {}},
           {"2024-01-01T00:00:00.1234567890Z", {}},
           {"2024-01-01T00:00:00,5Z", {}},
           {"2024-01-01T00:00:00.5", {}},
           {"2024-1-1T00:00:00Z", {}},
           {"+024-01-01T00:00:00Z", {}},
           {" 2024-01-01T00:00:00Z", {}},
           {"2024-01-01T00:00:00ZZ", {}},
           {"20240101T000000Z", {}},
       }) {
    EXPECT_EQ(parse_iso_time(row.text), row.seconds) << row.text;
  }
}

TEST(IsoTime, WritesWhatItReads) {
  for (std::int64_t seconds : {std::int64_t{0}, std::int64_t{1440938160}, std::int64_t{1709251199},
                               std::int64_t{253402300799}}) {
    EXPECT_EQ(parse_iso_time(iso_time(seconds)), seconds);
  }
  EXPECT_EQ(iso_time(1440938160), "2015-08-30T12:36:00Z");
}

}  // namespace
}  // namespace signet::credentials
