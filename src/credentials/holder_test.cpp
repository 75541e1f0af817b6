#include "credentials/holder.h"

#include <gtest/gtest.h>

#include "credentials/refresher_rig_for_tests.h"

namespace signet::credentials {
namespace {

using HolderTest = RefresherTest;

TEST_F(HolderTest, ManyWaitersShareOneLoad) {
  issue(1h);
  script.delay = 2s;
  begin();
  std::vector<std::optional<Got>> got(500);
  runtime::TaskSet tasks(loop);
  for (auto& one : got)
    tasks.start(get(*holder, loop.now() + 5s, one));
  turn();
  EXPECT_EQ(script.in_flight, 1);
  pass(1s);
  EXPECT_FALSE(got[0]);
  pass(1500ms);
  for (auto& one : got) {
    ASSERT_TRUE(one);
    EXPECT_EQ(one->id, "K1");
  }
  EXPECT_EQ(script.calls, 1);
}

TEST_F(HolderTest, WaitersOfAnEndedSetShareOneLoadToo) {
  issue(60s);
  begin();
  turn();
  ASSERT_EQ(id(), "K1");
  // The machine slept over the end of the keys, and STS is slow.
  script.delay = 3s;
  clock.advance(1h);
  std::vector<std::optional<Got>> got(100);
  runtime::TaskSet tasks(loop);
  for (auto& one : got)
    tasks.start(get(*holder, loop.now() + 2h, one));
  turn();
  EXPECT_EQ(id(), "");
  EXPECT_EQ(script.calls, 2);
  pass(4s);
  for (auto& one : got) {
    ASSERT_TRUE(one);
    EXPECT_EQ(one->id, "K2") << one->failure.reason;
  }
  EXPECT_EQ(script.calls, 2);
}

TEST_F(HolderTest, WaitersLearnWhyThereAreNoKeys) {
  refuse(Cause::access_denied);
  script.delay = 1s;
  begin();
  std::optional<Got> early;
  std::optional<Got> impatient;
  runtime::TaskSet tasks(loop);
  tasks.start(get(*holder, loop.now() + 5s, early));
  tasks.start(get(*holder, loop.now() + 500ms, impatient));
  turn();
  pass(700ms);
  ASSERT_TRUE(impatient);
  EXPECT_EQ(impatient->failure.cause, Cause::timed_out);
  EXPECT_FALSE(early);
  pass(500ms);
  ASSERT_TRUE(early);
  EXPECT_EQ(early->failure.cause, Cause::access_denied);
  EXPECT_EQ(early->failure.reason, "script says no");
  // Later ones are told at once, while the refresher backs off.
  int calls = script.calls;
  std::optional<Got> late;
  tasks.start(get(*holder, loop.now() + 5s, late));
  turn();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->failure.cause, Cause::access_denied);
  EXPECT_EQ(script.calls, calls);
}

TEST_F(HolderTest, PinnedKeysOutliveTheirReplacementAndTheHolder) {
  issue(1h);
  begin();
  turn();
  auto pinned = holder->pin();
  auto again = holder->pin();
  ASSERT_TRUE(pinned && again);
  pass(51min, 1s);
  EXPECT_EQ(id(), "K2");
  EXPECT_EQ((*pinned)->key.id, "K1");
  again = holder->pin();
  EXPECT_EQ((*again)->key.id, "K2");
  holder.reset();
  refresher.reset();
  turn();
  EXPECT_EQ((*pinned)->key.id, "K1");
  EXPECT_EQ((*again)->key.secret, "s");
}

TEST_F(HolderTest, WaitersAndTheRefresherDieMidFlight) {
  issue(1h);
  script.delay = 5s;
  begin();
  {
    std::optional<Got> got;
    runtime::TaskSet tasks(loop);
    for (int i = 0; i < 10; ++i)
      tasks.start(get(*holder, loop.now() + 60s, got));
    turn();
    pass(1s);
    EXPECT_FALSE(got);
  }
  EXPECT_EQ(script.in_flight, 1);
  refresher.reset();
  EXPECT_EQ(script.in_flight, 0);
  pass(10s);
  EXPECT_EQ(id(), "");
  holder->report_rejected("K1");
  // Before its first turn, and before anything was delivered.
  begin();
  refresher.reset();
  holder.reset();
  begin();
  holder.reset();
  turn();
  pass(10s);
  EXPECT_EQ(script.calls, 2);
}

TEST_F(HolderTest, AHolderThatComesLateIsTold) {
  issue(1h);
  begin();
  turn();
  Holder late(loop, refresher->line());
  EXPECT_EQ(late.current(), nullptr);
  turn();
  ASSERT_NE(late.current(), nullptr);
  EXPECT_EQ(late.current(), holder->current());
  EXPECT_EQ(script.calls, 1);
}

TEST_F(HolderTest, DescribesItselfWithoutSecrets) {
  script.answer = [this](int) -> std::expected<Keys, SourceFailure> {
    return keys_of("ASIAEXAMPLE", "THESECRET", now() + 3600);
  };
  begin();
  EXPECT_EQ(text(holder->describe(), now()), "test: no keys");
  turn();
  EXPECT_EQ(text(holder->describe(), now()),
            "test: access key ASIAEXAMPLE from script, until 2015-08-30T13:36:00Z (in 60 min)");
  refuse();
  pass(2h, 1s);
  EXPECT_EQ(
      text(holder->describe(), now()),
      "test: access key ASIAEXAMPLE from script, ended 2015-08-30T13:36:00Z (60 min ago), not "
      "usable; script says no");
}

}  // namespace
}  // namespace signet::credentials
