#include "signing/amz_date.h"

#include <gtest/gtest.h>

namespace signet::signing {
namespace {

struct Spelling {
  std::int64_t unix_seconds;
  std::string_view text;
};

constexpr Spelling kSpellings[] = {
    {0, "19700101T000000Z"},           {1440938160, "20150830T123600Z"},
    {1456790399, "20160229T235959Z"},  {1456790400, "20160301T000000Z"},
    {4102444799, "20991231T235959Z"},  {-1, "19691231T235959Z"},
    {253402300799, "99991231T235959Z"}};

TEST(AmzDate, SpellsMomentsAndReadsThemBack) {
  for (const Spelling& spelling : kSpellings) {
    const AmzDate date(spelling.unix_seconds);
    EXPECT_EQ(date.text(), spelling.text);
    EXPECT_EQ(date.day(), spelling.text.substr(0, 8));
    const auto parsed = AmzDate::parse(spelling.text);
    ASSERT_TRUE(parsed.has_value()) << spelling.text;
    EXPECT_EQ(parsed->unix_seconds(), spelling.unix_seconds);
    EXPECT_EQ(parsed->text(), spelling.text);
  }
}

TEST(AmzDate, RefusesOtherSpellings) {
  for (const std::string_view text :
       {"", "20150830", "2015-08-30T12:36:00Z", "20150830T123600", "20150830T123600Z ",
        "20150830t123600Z", "20150830T123600z", "20151330T123600Z", "20150230T123600Z",
        "20150829T240000Z", "20150830T126000Z", "20150830T123660Z", "2015083aT123600Z",
        "+0150830T123600Z", "20150830T12360 Z", "20150001T000000Z"}) {
    EXPECT_FALSE(AmzDate::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace signet::signing
