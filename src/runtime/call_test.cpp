#include "runtime/call.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/race.h"

namespace signet::runtime {
namespace {

using namespace std::chrono_literals;

// Says on which thread it died.
struct Witness {
  explicit Witness(std::atomic<std::size_t>& where) : died(where) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { died = std::hash<std::thread::id>()(std::this_thread::get_id()); }
  std::atomic<std::size_t>& died;
};
std::size_t this_thread() {
  return std::hash<std::thread::id>()(std::this_thread::get_id());
}

Task<std::string> say(EventLoop& loop, std::string text, int turns = 3) {
  for (int i = 0; i < turns; ++i)
    co_await loop.yield();
  co_return text + "!";
}

Task<void> ask(EventLoop& here, EventLoop& there, TaskSet& tasks, Call<std::string>::Work work,
               std::string& into) {
  Call<std::string> call(here, there, tasks, std::move(work));
  auto waiting = call.result();
  into = co_await std::move(waiting);
}

class CallTest : public ::testing::Test {
 protected:
  void turn(EventLoop& loop, int times = 10) {
    for (int i = 0; i < times; ++i)
      loop.run_once(0ms);
  }
  void turn_both() {
    for (int i = 0; i < 10; ++i) {
      turn(here, 1);
      turn(there, 1);
    }
  }
  auto hello() {
    return [this] {
      ++ran;
      return say(there, "hello");
    };
  }

  ManualClock clock;
  EventLoop here{clock};
  EventLoop there{clock};
  TaskSet there_tasks{there};
  TaskSet here_tasks{here};
  std::string said = "nothing";
  int ran = 0;
};

TEST_F(CallTest, BringsTheResultHome) {
  here_tasks.start(ask(here, there, there_tasks, hello(), said));
  turn(here);
  EXPECT_EQ(ran, 0) << "nothing runs before the other loop turns";
  turn(there);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(said, "nothing") << "nor does anything come before this one turns";
  turn(here);
  EXPECT_EQ(said, "hello!");
  EXPECT_EQ(there_tasks.size(), 0u);
}

TEST_F(CallTest, BothMayBeTheSameLoop) {
  TaskSet tasks(here);
  const auto work = [this] { return say(here, "same"); };
  here_tasks.start(ask(here, here, tasks, work, said));
  turn(here, 20);
  EXPECT_EQ(said, "same!");
}

// Before it left, while it is on its way, while it runs, on its way back, and with the result
// there.
TEST_F(CallTest, ACallerMayBeDestroyedAtAnyTime) {
  for (int when = 0; when < 12; ++when) {
    SCOPED_TRACE(when);
    ran = 0;
    said = "nothing";
    TaskSet::Entry* entry = here_tasks.start(ask(here, there, there_tasks, hello(), said));
    for (int i = 0; i < when && said == "nothing"; ++i)
      turn(i % 2 == 0 ? here : there, 1);
    const bool left = when > 0;
    if (said == "nothing") here_tasks.cancel(entry);
    turn_both();
    EXPECT_EQ(ran, left ? 1 : 0) << "what has left is done all the same";
    EXPECT_EQ(there_tasks.size(), 0u);
    EXPECT_EQ(here_tasks.size(), 0u);
  }
}

Task<std::string> when(Event& event) {
  co_await event.wait();
  co_return "late";
}

Task<void> ask_until(EventLoop& here, Call<std::string>& call, Time deadline, std::string& into) {
  auto waiting = call.result();
  auto racing = within(here, deadline, std::move(waiting));
  const auto result = co_await std::move(racing);
  into = result ? *result : "gave up";
}

TEST_F(CallTest, ACallerMayGiveUpWaiting) {
  Event never(there);
  const auto work = [&never] { return when(never); };
  Call<std::string> call(here, there, there_tasks, work);
  here_tasks.start(ask_until(here, call, after(here.now(), 40s), said));
  turn_both();
  clock.advance(40s);
  turn_both();
  EXPECT_EQ(said, "gave up");
  EXPECT_EQ(there_tasks.size(), 1u) << "the work goes on";
  never.set();
  turn_both();
  EXPECT_EQ(there_tasks.size(), 0u);
  EXPECT_EQ(said, "gave up");
}

TEST_F(CallTest, NothingComesBackFromALoopThatEnds) {
  auto ending = std::make_unique<EventLoop>(clock);
  auto tasks = std::make_unique<TaskSet>(*ending);
  auto kept = std::make_shared<int>(1);
  const auto work = [&, kept] { return say(*ending, "never", 1000); };
  here_tasks.start(ask(here, *ending, *tasks, work, said));
  turn(here);
  turn(*ending);
  // With the work at hand…
  tasks->cancel_all();
  ending->shut();
  turn(here);
  EXPECT_EQ(said, "nothing");
  // …and with all that comes later.
  std::string other = "nothing";
  here_tasks.start(ask(here, *ending, *tasks, work, other));
  turn(here);
  EXPECT_EQ(other, "nothing");
  here_tasks.cancel_all();
  tasks.reset();
  ending.reset();
}

// The caller's loop ends first; the answer is dropped.
TEST_F(CallTest, AnAnswerToALoopThatHasEndedIsDropped) {
  {
    TaskSet tasks(here);
    tasks.start(ask(here, there, there_tasks, hello(), said));
    turn(here);
  }
  here.shut();
  turn(there, 20);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(there_tasks.size(), 0u);
  EXPECT_EQ(said, "nothing");
}

// What the work owns dies on the loop that it ran on: it may be that loop's alone.
TEST_F(CallTest, WhatTheWorkOwnsDiesWhereItRan) {
  std::atomic<std::size_t> died{0};
  std::atomic<std::size_t> home{0};
  std::atomic<bool> stopped{false};
  auto owned = std::make_shared<const Witness>(died);
  std::thread thread([&] {
    home = this_thread();
    while (!stopped)
      there.run_once(1ms);
    turn(there);
  });
  auto work = [this, owned] { return say(there, "owned"); };
  owned.reset();
  here_tasks.start(ask(here, there, there_tasks, std::move(work), said));
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (said == "nothing" && std::chrono::steady_clock::now() < end)
    here.run_once(1ms);
  stopped = true;
  thread.join();
  EXPECT_EQ(said, "owned!");
  EXPECT_EQ(died, home);
}

// Two loops on threads of their own call a third, and each other, while callers come and go.
Task<void> call_often(EventLoop& here, EventLoop& there, TaskSet& tasks, int rounds,
                      std::atomic<int>& wrong) {
  for (int i = 0; i < rounds; ++i) {
    const std::string text = std::string(40, 'x') + std::to_string(i);
    auto work = [&there, text] { return say(there, text, 2); };
    Call<std::string> call(here, there, tasks, std::move(work));
    auto waiting = call.result();
    // Every third is given up, perhaps with its answer on its way.
    if (i % 3 == 0) {
      const Time soon = here.now() + std::chrono::microseconds(i * 7 % 900);
      auto racing = within(here, soon, std::move(waiting));
      const auto result = co_await std::move(racing);
      if (result && *result != text + "!") ++wrong;
    } else if (co_await std::move(waiting) != text + "!") {
      ++wrong;
    }
  }
}

TEST(CallThreads, LoopsCallEachOtherWithoutARace) {
  constexpr int kRounds = 400;
  SystemClock clock;
  EventLoop home(clock);
  EventLoop first(clock);
  EventLoop second(clock);
  TaskSet home_tasks(home);
  std::atomic<int> wrong{0};
  std::atomic<int> finished{0};
  const auto run = [&](EventLoop& loop) {
    TaskSet tasks(loop);
    for (int i = 0; i < 3; ++i)
      tasks.start(call_often(loop, home, home_tasks, kRounds, wrong));
    while (tasks.size() != 0)
      loop.run_once(1ms);
    ++finished;
    // Answers to those who gave up still come.
    while (finished < 2)
      loop.run_once(1ms);
    loop.shut();
  };
  std::thread one([&] { run(first); });
  std::thread two([&] { run(second); });
  const auto end = clock.monotonic() + 60s;
  while ((finished < 2 || home_tasks.size() != 0) && clock.monotonic() < end)
    home.run_once(1ms);
  one.join();
  two.join();
  EXPECT_EQ(finished, 2);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(home_tasks.size(), 0u);
}

}  // namespace
}  // namespace signet::runtime
