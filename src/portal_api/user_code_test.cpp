#include "portal_api/user_code.h"

#include <array>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::portal_api {
namespace {

TEST(UserCode, IsDrawnEvenly) {
  // Every byte once, beginning with the 16 that are not fair and are left out.
  class EveryByte final : public crypto::Random {
   public:
    void fill(std::span<std::byte> bytes) override {
      for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(next_++);
    }

   private:
    unsigned next_ = 240;
  };
  EveryByte random;
  std::map<char, int> count;
  for (int i = 0; i < 30; ++i) {
    const std::string code = new_user_code(random);
    ASSERT_EQ(code.size(), kUserCodeLetters);
    EXPECT_EQ(user_code_from(code), code);
    for (const char letter : code)
      ++count[letter];
  }
  EXPECT_EQ(count.size(), 20u);
  for (const auto& [letter, times] : count)
    EXPECT_EQ(times, 12) << letter;
}

TEST(UserCode, ForgivesHowItIsTyped) {
  struct Row {
    std::string typed;
    std::string expected;  // "": none
  };
  for (const Row& row : std::vector<Row>{{"WDJB-MJHT", "WDJBMJHT"},
                                         {"wdjb-mjht", "WDJBMJHT"},
                                         {"WDJBMJHT", "WDJBMJHT"},
                                         {" wd jb  mj-ht ", "WDJBMJHT"},
                                         {"W-D-J-B-M-J-H-T", "WDJBMJHT"},
                                         {"", ""},
                                         {"WDJB-MJH", ""},
                                         {"WDJB-MJHTT", ""},
                                         {"WDJB-MJHA", ""},
                                         {"WDJB-MJH1", ""},
                                         {"WDJB_MJHT", ""},
                                         {"WDJB\nMJHT", ""},
                                         {"WDJB\tMJHT", ""},
                                         {std::string("WDJBMJH\0", 8), ""},
                                         {"WDJBMJH\xc3\xa4", ""},
                                         {"WDJBMJHT" + std::string(57, ' '), ""},
                                         {std::string(1 << 20, '-'), ""}}) {
    EXPECT_EQ(user_code_from(row.typed).value_or(""), row.expected) << row.typed.substr(0, 80);
  }
  EXPECT_EQ(shown("WDJBMJHT"), "WDJB-MJHT");
}

}  // namespace
}  // namespace signet::portal_api
