#include "gateway/pulse.h"

#include <gtest/gtest.h>

#include "runtime/task_set.h"

namespace signet::gateway {
namespace {

using namespace std::chrono_literals;

class PulseTest : public testing::Test {
 protected:
  // `other_turns`: whether the other loop is healthy meanwhile.
  void pass(runtime::Duration time, bool other_turns) {
    const runtime::Time end = clock_.monotonic() + time;
    while (clock_.monotonic() < end) {
      clock_.advance(500ms);
      home_.run_once(0ns);
      if (other_turns) other_.run_once(0ns);
    }
  }

  runtime::ManualClock clock_;
  runtime::EventLoop home_{clock_};
  runtime::EventLoop other_{clock_};
  Pulse pulse_{home_, {&home_, &other_}};
  runtime::TaskSet tasks_{home_};
};

TEST_F(PulseTest, ALoopThatStandsStillForFiveSecondsIsStuck) {
  tasks_.start(pulse_.run());
  pass(20s, true);
  EXPECT_TRUE(pulse_.all_turn());
  pass(4s, false);
  EXPECT_TRUE(pulse_.all_turn());
  pass(3s, false);
  EXPECT_FALSE(pulse_.all_turn());
  pass(1s, true);
  EXPECT_TRUE(pulse_.all_turn()) << "it turns again";
}

TEST_F(PulseTest, ALoopThatNeverTurnedIsStuckToo) {
  tasks_.start(pulse_.run());
  EXPECT_TRUE(pulse_.all_turn()) << "it may only be starting";
  pass(7s, false);
  EXPECT_FALSE(pulse_.all_turn());
}

TEST_F(PulseTest, APauseOfTheLookerIsNotTheOthersFault) {
  tasks_.start(pulse_.run());
  pass(10s, true);
  clock_.advance(20s);
  other_.run_once(0ns);
  home_.run_once(0ns);
  EXPECT_TRUE(pulse_.all_turn());
}

}  // namespace
}  // namespace signet::gateway
