#include "credentials/refresher.h"

#include <gtest/gtest.h>

#include "credentials/refresher_rig_for_tests.h"

namespace signet::credentials {
namespace {

TEST_F(RefresherTest, RenewsAheadOfTheEndAndNeverStopsServing) {
  issue(1h);
  begin();
  turn();
  EXPECT_EQ(id(), "K1");
  std::int64_t started = now();
  while (script.calls == 1) {
    pass(1s, 1s);
    ASSERT_NE(id(), "");
    ASSERT_LT(now() - started, 3600);
  }
  EXPECT_GE(now() - started, 45 * 60);
  EXPECT_LE(now() - started, 50 * 60 + 1);
  for (int i = 0; i < 4 * 3600; ++i) {
    pass(1s, 1s);
    ASSERT_NE(id(), "");
  }
  EXPECT_GE(script.calls, 5);
  EXPECT_LE(script.calls, 7);
  EXPECT_EQ(script.most_in_flight, 1);
  for (const auto& entry : diary.entries)
    EXPECT_EQ(entry.outcome, Outcome::renewed);
}

TEST_F(RefresherTest, KeysOfAMinuteAreRenewedInTime) {
  issue(60s);
  begin();
  turn();
  for (int i = 0; i < 600; ++i) {
    pass(1s, 1s);
    ASSERT_NE(id(), "");
    ASSERT_GT(*holder->current()->expires, now());
  }
  EXPECT_GE(script.calls, 12);
  EXPECT_LE(script.calls, 14);
}

TEST_F(RefresherTest, ServesTheOldKeysWhileTheyLastAndFailsClosedAfter) {
  issue(1h);
  begin();
  turn();
  std::int64_t end = now() + 3600;
  refuse();
  while (now() < end - 11) {
    pass(1s, 1s);
    ASSERT_EQ(id(), "K1");
  }
  bool was_urgent = false;
  for (const auto& entry : diary.entries) {
    if (entry.outcome != Outcome::failed) continue;
    EXPECT_TRUE(entry.usable);
    EXPECT_GE(entry.urgent, was_urgent);
    was_urgent = entry.urgent;
  }
  EXPECT_TRUE(was_urgent);
  pass(12s, 1s);
  EXPECT_EQ(id(), "");
  std::optional<Got> got;
  runtime::TaskSet tasks(loop);
  tasks.start(get(*holder, loop.now() + 5s, got));
  turn();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->failure.cause, Cause::unreachable);
  EXPECT_EQ(got->failure.reason,
            "script says no; the last keys could be used until 2015-08-30T13:35:50Z");
  EXPECT_FALSE(holder->describe().usable);

  // And it comes back by itself.
  issue(1h);
  pass(61s, 1s);
  EXPECT_NE(id(), "");
  EXPECT_EQ(diary.entries.back().outcome, Outcome::renewed);
  EXPECT_EQ(diary.entries.back().failures, 0u);
}

TEST_F(RefresherTest, BacksOffWhileItFails) {
  refuse(Cause::throttled);
  begin();
  turn();
  pass(600s, 100ms);
  // 1+2+4+8+16+32 s, then 60 s each, of which half to all is waited.
  EXPECT_GE(script.calls, 13);
  EXPECT_LE(script.calls, 27);
  runtime::Duration longest{};
  for (std::size_t i = 0; i < diary.entries.size(); ++i) {
    EXPECT_EQ(diary.entries[i].failures, i + 1);
    EXPECT_TRUE(diary.entries[i].urgent);
    EXPECT_EQ(diary.entries[i].cause, Cause::throttled);
    longest = std::max(longest, diary.entries[i].next);
  }
  EXPECT_GT(longest, 30s);
  EXPECT_LE(longest, 60s);
  // It recovers to keys.
  issue(1h);
  pass(61s, 1s);
  EXPECT_NE(id(), "");
}

TEST_F(RefresherTest, WaitsAsLongAsStsAsks) {
  script.answer = [this](int call) -> std::expected<Keys, SourceFailure> {
    if (call == 2) return keys_of("K2", "s", now() + 3600);
    SourceFailure failure(Cause::throttled, "slow down");
    failure.retry_after = 30s;
    return std::unexpected(failure);
  };
  begin();
  turn();
  pass(29s, 1s);
  EXPECT_EQ(script.calls, 1);
  pass(3s, 1s);
  EXPECT_EQ(script.calls, 2);
  EXPECT_EQ(id(), "K2");
}

TEST_F(RefresherTest, ASourceThatHangsIsGivenUp) {
  for (bool heeds : {true, false}) {
    issue(1h);
    script.delay = 24h;
    script.heeds_deadline = heeds;
    begin();
    turn();
    pass(9s);
    EXPECT_EQ(script.in_flight, 1);
    pass(1500ms);
    EXPECT_EQ(script.in_flight, 0);
    ASSERT_FALSE(diary.entries.empty());
    EXPECT_EQ(diary.entries.back().cause, Cause::timed_out);
    holder.reset();
    refresher.reset();
    turn();
    diary.entries.clear();
  }
}

TEST_F(RefresherTest, KeysThatHaveEndedAreNotTaken) {
  for (std::int64_t life : {-3600, -1, 0, 1}) {
    script.answer = [this, life](int) -> std::expected<Keys, SourceFailure> {
      return keys_of("OLD", "s", now() + life);
    };
    diary.entries.clear();
    begin();
    turn();
    EXPECT_EQ(id(), "") << life;
    ASSERT_FALSE(diary.entries.empty());
    EXPECT_EQ(diary.entries[0].cause, Cause::bad_answer);
    EXPECT_NE(diary.entries[0].reason.find("clock"), std::string::npos);
    EXPECT_EQ(script.calls, 1);
    script.calls = 0;
    holder.reset();
    refresher.reset();
  }
}

TEST_F(RefresherTest, AnEndInTheFarFutureIsNotBelieved) {
  script.answer = [](int call) -> std::expected<Keys, SourceFailure> {
    return keys_of(fmt::format("K{}", call), "s", 253402300799);
  };
  begin();
  turn();
  EXPECT_EQ(id(), "K1");
  ASSERT_EQ(diary.entries.size(), 1u);
  EXPECT_LE(diary.entries[0].next, 36h);
  pass(36h, 30s);
  EXPECT_EQ(id(), "K2");
}

TEST_F(RefresherTest, KeysMayBeServedPastTheirEndIfTheirSourceSaysSo) {
  script.answer = [this](int call) -> std::expected<Keys, SourceFailure> {
    if (call > 1) return std::unexpected(SourceFailure(Cause::unreachable, "gone"));
    Keys keys = keys_of("K1", "s", now() + 3600);
    keys.usable_when_expired = true;
    return keys;
  };
  begin();
  turn();
  pass(5h, 10s);
  EXPECT_EQ(id(), "K1");
  EXPECT_TRUE(diary.entries.back().usable);
}

TEST_F(RefresherTest, RotationIsNoticedWithinAMinuteOrSo) {
  std::string secret = "old";
  std::string key = "AKID";
  script.answer = [&](int) -> std::expected<Keys, SourceFailure> {
    return keys_of(key, secret, {});
  };
  begin();
  turn();
  EXPECT_EQ(holder->current()->key.secret, "old");
  const Keys* before = holder->current();
  pass(67s, 1s);
  EXPECT_EQ(script.calls, 2);
  EXPECT_EQ(diary.entries.back().outcome, Outcome::unchanged);
  EXPECT_EQ(holder->current(), before);
  // The same id with another secret: it is the whole set that counts.
  secret = "new";
  pass(67s, 1s);
  EXPECT_EQ(holder->current()->key.secret, "new");
  EXPECT_EQ(diary.entries.back().outcome, Outcome::renewed);
  key = "AKID2";
  pass(67s, 1s);
  EXPECT_EQ(id(), "AKID2");
}

TEST_F(RefresherTest, KeysWithoutAnEndThatVanishAreServedForAWhile) {
  script.answer = [](int) -> std::expected<Keys, SourceFailure> {
    return keys_of("AKID", "s", {});
  };
  begin();
  turn();
  refuse(Cause::nothing_here);
  pass(14min, 1s);
  EXPECT_EQ(id(), "AKID");
  pass(3min, 1s);
  EXPECT_EQ(id(), "");
  script.answer = [](int) -> std::expected<Keys, SourceFailure> {
    return keys_of("AKID", "s", {});
  };
  pass(61s, 1s);
  EXPECT_EQ(id(), "AKID");
  pass(20min, 1s);
  EXPECT_EQ(id(), "AKID");
}

TEST_F(RefresherTest, ARejectionRefreshesEarlyButNotOften) {
  issue(1h);
  begin();
  turn();
  pass(20s);
  ASSERT_EQ(script.calls, 1);
  holder->report_rejected("SOMETHING-OLDER");
  turn();
  EXPECT_EQ(script.calls, 1);
  script.delay = 500ms;
  for (int i = 0; i < 100; ++i)
    holder->report_rejected("K1");
  turn();
  EXPECT_EQ(script.calls, 2);
  // Reports that arrive while it loads belong to the same event.
  pass(300ms);
  holder->report_rejected("K1");
  pass(1s);
  EXPECT_EQ(id(), "K2");
  EXPECT_EQ(script.calls, 2);
  // An origin that rejects everything causes one refresh in ten seconds.
  script.delay = 0s;
  std::int64_t started = now();
  while (now() < started + 100) {
    holder->report_rejected(id());
    pass(100ms);
  }
  EXPECT_GE(script.calls, 10);
  EXPECT_LE(script.calls, 13);
  EXPECT_EQ(script.most_in_flight, 1);
}

TEST_F(RefresherTest, ARejectionDoesNotCutTheBackOffShort) {
  issue(1h);
  begin();
  turn();
  refuse(Cause::throttled);
  pass(46min + 30s, 1s);
  pass(10min, 1s);
  int calls = script.calls;
  ASSERT_GT(calls, 5);
  for (int i = 0; i < 20; ++i) {
    holder->report_rejected("K1");
    pass(1s);
  }
  EXPECT_LE(script.calls, calls + 1);
}

TEST_F(RefresherTest, FollowsTheWallClockWhenItIsSet) {
  issue(1h);
  begin();
  turn();
  clock.set_unix_seconds(now() + 3000);
  pass(31s, 1s);
  EXPECT_EQ(id(), "K2");
}

}  // namespace
}  // namespace signet::credentials
