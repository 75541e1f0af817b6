#include "portal_api/recent_tries.h"

#include <string>

#include <gtest/gtest.h>

namespace signet::portal_api {
namespace {

using namespace std::chrono_literals;

constexpr runtime::Time kStart{1h};

TEST(RecentTries, SoManyInAnyWindow) {
  RecentTries tries(3, 10min, 100);
  EXPECT_TRUE(tries.take("ada", kStart));
  EXPECT_TRUE(tries.take("ada", kStart + 9min));
  EXPECT_TRUE(tries.take("ada", kStart + 9min));
  EXPECT_FALSE(tries.take("ada", kStart + 9min));
  EXPECT_TRUE(tries.take("bob", kStart + 9min));
  EXPECT_EQ(tries.wait("ada", kStart + 9min), 1min);
  EXPECT_EQ(tries.wait("bob", kStart + 9min), 0min);
  EXPECT_TRUE(tries.take("ada", kStart + 10min));
  EXPECT_FALSE(tries.take("ada", kStart + 10min)) << "the window moves on, it does not begin anew";
  EXPECT_EQ(tries.wait("ada", kStart + 10min), 9min);
}

TEST(RecentTries, WhatWasNoneIsGivenBack) {
  RecentTries tries(1, 10min, 100);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(tries.take("ada", kStart));
    EXPECT_FALSE(tries.take("ada", kStart));
    tries.give_back("ada");
  }
  tries.give_back("nobody");
}

TEST(RecentTries, NamesAreBounded) {
  RecentTries tries(5, 10min, 10);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(tries.take(std::to_string(i), kStart + i * 1s));
  EXPECT_FALSE(tries.take("another", kStart + 20s));
  EXPECT_TRUE(tries.take("0", kStart + 20s)) << "who is known is counted as before";
  EXPECT_TRUE(tries.take("another", kStart + 10min + 1s)) << "old ones make room";
}

}  // namespace
}  // namespace signet::portal_api
