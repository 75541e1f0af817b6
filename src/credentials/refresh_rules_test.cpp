#include "credentials/refresh_rules.h"

#include <gtest/gtest.h>

#include "credentials/rig_for_tests.h"

namespace signet::credentials {
namespace {

class ConstantRandom final : public crypto::Random {
 public:
  explicit ConstantRandom(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, value_); }

 private:
  std::byte value_;
};

TEST(RefreshRules, RefreshLiesBetweenAdvisoryAndMandatory) {
  RefreshRules rules;
  struct Row {
    runtime::Duration life, earliest, latest;
  };
  for (const Row& row : std::initializer_list<Row>{
           {12h, 11h + 45min, 11h + 50min},
           {1h, 45min, 50min},
           {30min, 22min + 30s, 25min},
           {15min, 11min + 15s, 12min + 30s},
           {60s, 45s, 50s},
       }) {
    ConstantRandom lowest(std::byte{0});
    ConstantRandom highest(std::byte{0xFF});
    EXPECT_EQ(until_refresh(rules, row.life, lowest), row.earliest);
    EXPECT_LT(until_refresh(rules, row.life, highest), row.latest);
    EXPECT_GT(until_refresh(rules, row.life, highest), row.latest - 1ms);
    EXPECT_EQ(until_mandatory(rules, row.life), row.latest);
    SequenceRandom random;
    runtime::Duration low = row.latest;
    runtime::Duration high{};
    for (int i = 0; i < 1000; ++i) {
      auto when = until_refresh(rules, row.life, random);
      EXPECT_GE(when, row.earliest);
      EXPECT_LT(when, row.latest);
      low = std::min(low, when);
      high = std::max(high, when);
    }
    // It uses all of its room, so that many gateways do not ask at once.
    EXPECT_GT(high - low, (row.latest - row.earliest) * 9 / 10);
  }
}

TEST(RefreshRules, RetriesDoubleUpToABoundAndHonourWhatWasAsked) {
  RefreshRules rules;
  SequenceRandom random;
  for (int round = 0; round < 200; ++round) {
    runtime::Duration full = 1s;
    for (unsigned failures = 1; failures < 20;
         ++failures, full = std::min<runtime::Duration>(full * 2, 60s)) {
      auto wait = until_retry(rules, failures, {}, random);
      EXPECT_GE(wait, full / 2);
      EXPECT_LT(wait, full);
    }
    auto asked = until_retry(rules, 1, 20s, random);
    EXPECT_GE(asked, 20s);
    EXPECT_LT(asked, 21s);
    EXPECT_LT(until_retry(rules, 1, 24h, random), 5min + 1s);
    EXPECT_GT(until_retry(rules, 1, -5s, random), 0s);
    EXPECT_LT(until_retry(rules, 4'000'000'000u, {}, random), 60s);
    auto look = until_recheck(rules, random);
    EXPECT_GE(look, 54s);
    EXPECT_LT(look, 66s);
  }
}

TEST(RefreshRules, TheMarginIsSmallForShortLives) {
  EXPECT_EQ(safety_margin(1h), 10s);
  EXPECT_EQ(safety_margin(60s), 5s);
  EXPECT_EQ(safety_margin(0s), 0s);
}

}  // namespace
}  // namespace signet::credentials
