#include "portal_api/app_states.h"

#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace signet::portal_api {
namespace {

using namespace std::chrono_literals;
using runtime::EventLoop;
using runtime::Time;

// Origins that answer what the test says, when the test says.
class ScriptedProbe final : public Probe {
 public:
  explicit ScriptedProbe(EventLoop& loop) : loop_(loop) {}

  runtime::Task<ProbeResult> probe(std::string app, Time deadline) override {
    Under under(*this);
    asked[app].push_back(loop_.now());
    last_deadline = deadline;
    while (hangs[app])
      co_await loop_.sleep_until(loop_.now() + 1h);
    co_return answers[app];
  }

  std::map<std::string, std::vector<Time>> asked;
  std::map<std::string, bool> hangs;
  std::map<std::string, ProbeResult> answers;
  Time last_deadline{};
  int under_way = 0;

 private:
  struct Under {
    explicit Under(ScriptedProbe& probe) : owner(probe) { ++owner.under_way; }
    ~Under() { --owner.under_way; }
    ScriptedProbe& owner;
  };
  EventLoop& loop_;
};

class AppStatesTest : public testing::Test {
 protected:
  AppStatesTest() {
    probe_.answers["a"] = {Trouble::none, "3.10.1\n"};
    probe_.answers["b"] = {Trouble::refused, ""};
  }
  void pass(runtime::Duration time) {
    const Time end = clock_.monotonic() + time;
    turn();
    while (clock_.monotonic() < end) {
      clock_.advance(100ms);
      turn();
    }
  }
  void turn() {
    for (int i = 0; i < 12; ++i)
      loop_.run_once(0ns);
  }
  const AppStatus& status(std::size_t index = 0) const { return view_.statuses()->at(index); }
  std::size_t times_asked(const std::string& app) { return probe_.asked[app].size(); }

  runtime::ManualClock clock_;
  EventLoop loop_{clock_};
  ScriptedProbe probe_{loop_};
  AppStates states_{loop_, probe_, ProbeSettings{}, 1};
  AppStatesView view_{states_, loop_};
};

TEST_F(AppStatesTest, NothingIsKnownBeforeTheFirstAnswer) {
  EXPECT_TRUE(view_.statuses()->empty());
  states_.set_apps({"a", "b"});
  ASSERT_EQ(view_.statuses()->size(), 2u);
  EXPECT_EQ(status(0).state, State::unknown);
  turn();
  EXPECT_EQ(status(0).state, State::available);
  EXPECT_EQ(status(0).version, "3.10.1");
  EXPECT_EQ(status(1).state, State::unavailable);
  EXPECT_EQ(status(1).trouble, Trouble::refused);
  EXPECT_EQ(status(1).version, "");
}

TEST_F(AppStatesTest, AsksEveryTenSecondsGiveOrTakeAFifth) {
  states_.set_apps({"a"});
  pass(10min);
  const std::vector<Time>& asked = probe_.asked["a"];
  ASSERT_GT(asked.size(), 50u);
  ASSERT_LT(asked.size(), 76u);
  runtime::Duration least = 1h;
  runtime::Duration most{};
  for (std::size_t i = 1; i < asked.size(); ++i) {
    least = std::min(least, asked[i] - asked[i - 1]);
    most = std::max(most, asked[i] - asked[i - 1]);
  }
  EXPECT_GE(least, 8s);
  EXPECT_LE(most, 12s + 200ms);
  EXPECT_GT(most - least, 1s) << "no jitter";
}

TEST_F(AppStatesTest, AChangeIsSeenAndTheVersionOutlivesAFailure) {
  states_.set_apps({"a"});
  turn();
  const auto before = view_.statuses();
  pass(30s);
  EXPECT_EQ(view_.statuses(), before) << "nothing changed, nothing was published";
  probe_.answers["a"] = {Trouble::failing, ""};
  pass(13s);
  EXPECT_EQ(status().state, State::unavailable);
  EXPECT_EQ(status().trouble, Trouble::failing);
  EXPECT_EQ(status().version, "3.10.1");
  EXPECT_EQ(before->at(0).state, State::available) << "a snapshot never changes";
  probe_.answers["a"] = {Trouble::none, "3.11.0"};
  pass(13s);
  EXPECT_EQ(status().state, State::available);
  EXPECT_EQ(status().trouble, Trouble::none);
  EXPECT_EQ(status().version, "3.11.0");
}

TEST_F(AppStatesTest, AFailureSeenByTrafficAsksAtOnceButNotInAFlood) {
  states_.set_apps({"a"});
  pass(3s);
  EXPECT_EQ(times_asked("a"), 1u);
  probe_.answers["a"] = {Trouble::refused, ""};
  view_.note_failure("a");
  turn();
  EXPECT_EQ(times_asked("a"), 2u);
  EXPECT_EQ(status().state, State::unavailable);
  for (int i = 0; i < 20; ++i) {
    view_.note_failure("a");
    view_.note_failure("unheard-of");
    pass(100ms);
  }
  EXPECT_LE(times_asked("a"), 5u);
  EXPECT_GE(times_asked("a"), 3u);
}

TEST_F(AppStatesTest, AnAnswerOfAnAppThatCountsAsDownAsksAtOnce) {
  probe_.answers["a"] = {Trouble::refused, ""};
  states_.set_apps({"a"});
  pass(3s);
  EXPECT_EQ(status().state, State::unavailable);
  const std::size_t before = times_asked("a");
  probe_.answers["a"] = {Trouble::none, "3.10.1"};
  view_.note_answer(0);
  view_.note_answer(7);
  turn();
  EXPECT_EQ(times_asked("a"), before + 1);
  EXPECT_EQ(status().state, State::available);
  EXPECT_EQ(view_.version_of("a"), "3.10.1");
  view_.note_answer(0);
  turn();
  EXPECT_EQ(times_asked("a"), before + 1);
}

TEST_F(AppStatesTest, AFailureNotedDuringAProbeAsksAgainAfterIt) {
  probe_.hangs["a"] = true;
  states_.set_apps({"a"});
  pass(2s);
  view_.note_failure("a");
  pass(1s);
  EXPECT_EQ(times_asked("a"), 1u);
  probe_.hangs["a"] = false;
  pass(2500ms);
  EXPECT_EQ(times_asked("a"), 2u);
  EXPECT_EQ(status().state, State::available);
}

TEST_F(AppStatesTest, ASlowAnswerOnceIsNotYetAFailure) {
  states_.set_apps({"a"});
  pass(2s);
  probe_.hangs["a"] = true;
  view_.note_failure("a");
  pass(5500ms);
  EXPECT_EQ(status().state, State::available);
  EXPECT_EQ(times_asked("a"), 3u) << "asked again at once";
  pass(5500ms);
  EXPECT_EQ(status().state, State::unavailable);
  EXPECT_EQ(status().trouble, Trouble::timed_out);
  EXPECT_LE(probe_.under_way, 1) << "a probe past its deadline is cancelled";
  probe_.hangs["a"] = false;
  pass(18s);
  EXPECT_EQ(status().state, State::available);
}

TEST_F(AppStatesTest, AnOriginThatNeverAnsweredIsUnavailableAtItsFirstDeadline) {
  probe_.hangs["a"] = true;
  states_.set_apps({"a"});
  pass(5200ms);
  EXPECT_EQ(status().state, State::unavailable);
}

TEST_F(AppStatesTest, ANewConfigurationKeepsWhatIsKnownAndAsksEverybody) {
  states_.set_apps({"a", "b"});
  turn();
  probe_.hangs["a"] = true;
  probe_.hangs["b"] = true;
  probe_.answers["c"] = {Trouble::none, "2.16.2"};
  states_.set_apps({"c", "a"});
  EXPECT_EQ(status(0).name, "c");
  EXPECT_EQ(status(0).state, State::unknown);
  EXPECT_EQ(status(1).state, State::available);
  turn();
  EXPECT_EQ(status(0).state, State::available);
  EXPECT_EQ(times_asked("a"), 2u);
  EXPECT_EQ(probe_.under_way, 1);
  states_.set_apps({});
  EXPECT_TRUE(view_.statuses()->empty());
  EXPECT_EQ(probe_.under_way, 0);
  pass(30s);
  EXPECT_EQ(times_asked("a"), 2u);
}

TEST_F(AppStatesTest, StoppingEndsEveryProbe) {
  probe_.hangs["a"] = true;
  states_.set_apps({"a", "b"});
  turn();
  EXPECT_EQ(probe_.under_way, 1);
  states_.stop();
  EXPECT_EQ(probe_.under_way, 0);
  view_.note_failure("b");
  pass(30s);
  EXPECT_EQ(times_asked("b"), 1u);
}

TEST_F(AppStatesTest, OnlyWhatLooksLikeAVersionIsShown) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"3.10.1", "3.10.1"},
      {" 3.11.0rc1.dev0+local_1 \r\n", "3.11.0rc1.dev0+local_1"},
      {"", ""},
      {"<script>alert(1)</script>", ""},
      {"{\"version\": \"3\"}", ""},
      {"3.1 http://internal", ""},
      {std::string(40, '1'), std::string(40, '1')},
      {std::string(41, '1'), ""},
      {std::string("3\0.1", 4), ""},
  };
  for (const auto& [said, shown] : cases) {
    probe_.answers["a"] = {Trouble::none, said};
    states_.set_apps({});
    states_.set_apps({"a"});
    turn();
    EXPECT_EQ(status().state, State::available) << said;
    EXPECT_EQ(status().version, shown) << said;
  }
}

TEST(AppStates, OtherLoopsHearOfItByMail) {
  runtime::SystemClock clock;
  EventLoop home(clock);
  EventLoop other(clock);
  ScriptedProbe probe(home);
  probe.answers["a"] = {Trouble::none, "3.10.1"};
  AppStates states(home, probe, ProbeSettings{}, 7);
  AppStatesView at_home(states, home);
  AppStatesView away(states, other);
  states.set_apps({"a"});
  std::string version;
  std::thread elsewhere([&] {
    while (away.statuses()->empty() || away.statuses()->at(0).state != State::available)
      other.run_once(1s);
    version = away.statuses()->at(0).version;
    away.note_failure("a");
    away.note_failure("a");
  });
  // The noted failure makes the second probe come long before its time.
  const Time start = clock.monotonic();
  while (probe.asked["a"].size() < 2)
    home.run_once(1s);
  EXPECT_LT(clock.monotonic() - start, 8s);
  elsewhere.join();
  EXPECT_EQ(version, "3.10.1");
  states.stop();
}

}  // namespace
}  // namespace signet::portal_api
