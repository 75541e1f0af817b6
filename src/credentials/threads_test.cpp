#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "credentials/refresher.h"
#include "credentials/rig_for_tests.h"

namespace signet::credentials {
namespace {

class CountingSource final : public Source {
 public:
  CountingSource(runtime::EventLoop& loop, std::atomic<int>& calls) : loop_(loop), calls_(calls) {}
  std::string name() const override { return "counting"; }
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time) override {
    int call = calls_.fetch_add(1) + 1;
    co_await loop_.yield();
    if (call % 5 == 0) co_return std::unexpected(SourceFailure(Cause::throttled, "slow down"));
    Keys keys;
    // Equal id and secret: a torn set would show.
    keys.key.id = fmt::format("K{}-{}", call, std::string(64, 'x'));
    keys.key.secret = keys.key.id;
    co_return keys;
  }

 private:
  runtime::EventLoop& loop_;
  std::atomic<int>& calls_;
};

class Silent final : public Observer {
 public:
  void refreshed(const RefreshReport&) override {}
  void chose(std::string_view, std::string_view, std::string_view) override {}
};

// Signs with the keys and has them rejected, over and over.
runtime::Task<void> use(runtime::EventLoop& loop, Holder& holder, int rounds, int& torn,
                        int& changes) {
  std::string last;
  while (changes < rounds) {
    auto getting = holder.get(runtime::kNever);
    auto keys = co_await std::move(getting);
    if (keys) {
      co_await loop.yield();
      const signing::AccessKey& key = (*keys)->key;
      if (key.id != key.secret) ++torn;
      if (key.id != last) ++changes;
      last = key.id;
      holder.report_rejected(key.id);
    }
    co_await loop.sleep_until(loop.now() + 1ms);
  }
  loop.stop();
}

// Loops on threads of their own read, wait, reject and leave, while the home replaces the keys.
TEST(Threads, LoopsShareKeysWithoutARace) {
  constexpr std::size_t kLoops = 3;
  runtime::SystemClock clock;
  runtime::EventLoop home(clock);
  std::array<std::unique_ptr<runtime::EventLoop>, kLoops> loops;
  for (auto& loop : loops)
    loop = std::make_unique<runtime::EventLoop>(clock);
  SequenceRandom random;
  Silent observer;
  std::atomic<int> calls{0};
  std::atomic<std::size_t> finished{0};
  RefreshRules rules;
  rules.recheck = 4ms;
  rules.first_retry = 2ms;
  rules.longest_retry = 4ms;
  rules.between_rejections = 1ms;
  auto refresher = std::make_unique<Refresher>(
      home, "shared", std::make_unique<CountingSource>(home, calls), rules, random, observer);
  std::shared_ptr<Line> line = refresher->line();
  std::array<int, kLoops> torn{};

  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kLoops; ++i) {
    threads.emplace_back([&, i] {
      runtime::EventLoop& loop = *loops[i];
      // Several holders in turn, made and destroyed while the home publishes.
      for (int round = 0; round < 5; ++round) {
        Holder holder(loop, line);
        runtime::TaskSet tasks(loop);
        int changes = 0;
        tasks.start(use(loop, holder, 4, torn[i], changes));
        loop.run();
        EXPECT_GE(changes, 4);
      }
      if (++finished == kLoops) home.stop();
    });
  }
  home.run();
  for (std::thread& thread : threads)
    thread.join();
  for (int count : torn)
    EXPECT_EQ(count, 0);
  EXPECT_GT(calls.load(), 4);
  line.reset();
  refresher.reset();
}

// However many loops wait, the source is asked once.
TEST(Threads, TheFirstLoadIsOneForAllLoops) {
  constexpr std::size_t kLoops = 3;
  runtime::SystemClock clock;
  runtime::EventLoop home(clock);
  std::array<std::unique_ptr<runtime::EventLoop>, kLoops> loops;
  for (auto& loop : loops)
    loop = std::make_unique<runtime::EventLoop>(clock);
  SequenceRandom random;
  Silent observer;
  std::atomic<int> calls{0};
  std::atomic<std::size_t> finished{0};
  Refresher refresher(home, "shared", std::make_unique<CountingSource>(home, calls), RefreshRules(),
                      random, observer);
  std::shared_ptr<Line> line = refresher.line();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kLoops; ++i) {
    threads.emplace_back([&, i] {
      Holder holder(*loops[i], line);
      int torn = 0;
      int changes = 0;
      runtime::TaskSet tasks(*loops[i]);
      tasks.start(use(*loops[i], holder, 1, torn, changes));
      loops[i]->run();
      if (++finished == kLoops) home.stop();
    });
  }
  home.run();
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(calls.load(), 1);
}

}  // namespace
}  // namespace signet::credentials
