#include "origin/resolver.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

namespace signet::origin {
namespace {

using namespace std::chrono_literals;

runtime::Address address(const std::string& host) {
  return *runtime::Address::numeric(host, 80);
}

// Names that a test gives, takes away, or keeps waiting for.
class TestNames final : public Names {
 public:
  std::expected<Addresses, ResolveError> look_up(const std::string& host,
                                                 std::uint16_t) const override {
    std::unique_lock lock(mutex_);
    ++looked_up_;
    changed_.wait(lock, [this] { return !held_; });
    if (addresses_.empty()) return std::unexpected(ResolveError{"no such name: " + host});
    return addresses_;
  }
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  void set(Addresses now) {
    std::lock_guard lock(mutex_);
    addresses_ = std::move(now);
  }
  int count() const {
    std::lock_guard lock(mutex_);
    return looked_up_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int looked_up_ = 0;
  bool held_ = false;
  Addresses addresses_{address("192.0.2.1")};
};

struct Asked {
  bool done = false;
  std::expected<Addresses, ResolveError> result;
};

runtime::Task<void> ask(Resolver& resolver, std::string host, runtime::Time deadline,
                        Asked& asked) {
  asked.result = co_await resolver.resolve(std::move(host), 80, deadline);
  asked.done = true;
}

struct Rig {
  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  runtime::Lane lane{"names", 2, 4};
  std::shared_ptr<TestNames> names = std::make_shared<TestNames>();
  CachingResolver resolver{loop, lane, names};
  runtime::TaskSet tasks{loop};

  ~Rig() {
    names->release();
    tasks.cancel_all();
  }
  void start(const std::string& host, Asked& asked, runtime::Time deadline = runtime::kNever) {
    tasks.start(ask(resolver, host, deadline, asked));
  }
  // A helper thread may take its time; the loop waits for its message, not for a clock.
  void finish(const Asked& asked) {
    while (!asked.done)
      loop.run_once(100ms);
  }
  std::expected<Addresses, ResolveError> resolve(const std::string& host = "a.test") {
    Asked asked;
    start(host, asked);
    finish(asked);
    return asked.result;
  }
};

TEST(CachingResolver, NumericHostsNeedNoLookUp) {
  Rig rig;
  EXPECT_EQ(rig.resolve("127.0.0.1").value(), Addresses{address("127.0.0.1")});
  EXPECT_EQ(rig.resolve("::1").value(), Addresses{address("::1")});
  EXPECT_EQ(rig.names->count(), 0);
}

TEST(CachingResolver, KeepsAnswersForTenSeconds) {
  Rig rig;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rig.resolve().value(), Addresses{address("192.0.2.1")});
    rig.clock.advance(2s);
    rig.loop.run_once(0ns);
  }
  EXPECT_EQ(rig.names->count(), 1);
  EXPECT_TRUE(rig.resolve("b.test"));
  EXPECT_EQ(rig.names->count(), 2);
}

TEST(CachingResolver, GivesAnOlderAnswerAtOnceAndLooksUpBeside) {
  Rig rig;
  rig.resolve();
  rig.names->set({address("192.0.2.2")});
  rig.names->hold();
  rig.clock.advance(11s);
  rig.loop.run_once(0ns);
  EXPECT_EQ(rig.resolve().value(), Addresses{address("192.0.2.1")});
  rig.names->release();
  for (int i = 0; i < 50 && rig.resolve().value() != Addresses{address("192.0.2.2")}; ++i)
    rig.loop.run_once(100ms);
  EXPECT_EQ(rig.resolve().value(), Addresses{address("192.0.2.2")});
  EXPECT_EQ(rig.names->count(), 2);
}

TEST(CachingResolver, AsksAnewAfterThirtySeconds) {
  Rig rig;
  rig.resolve();
  rig.names->set({address("192.0.2.2")});
  rig.clock.advance(31s);
  rig.loop.run_once(0ns);
  EXPECT_EQ(rig.resolve().value(), Addresses{address("192.0.2.2")});
}

TEST(CachingResolver, OneLookUpPerNameIsUnderWay) {
  Rig rig;
  rig.names->hold();
  std::vector<Asked> asked(20);
  for (Asked& each : asked)
    rig.start("a.test", each);
  for (int i = 0; i < 5; ++i)
    rig.loop.run_once(1ms);
  rig.names->release();
  for (Asked& each : asked) {
    rig.finish(each);
    EXPECT_TRUE(each.result);
  }
  EXPECT_EQ(rig.names->count(), 1);
}

TEST(CachingResolver, WhoeverAskedMayLeaveWithoutHarmToOthers) {
  Rig rig;
  rig.names->hold();
  Asked gone;
  Asked stays;
  auto* entry = rig.tasks.start(ask(rig.resolver, "a.test", runtime::kNever, gone));
  rig.loop.run_once(1ms);
  rig.start("a.test", stays);
  rig.loop.run_once(1ms);
  rig.tasks.cancel(entry);
  rig.names->release();
  rig.finish(stays);
  EXPECT_TRUE(stays.result);
  EXPECT_FALSE(gone.done);
  EXPECT_EQ(rig.names->count(), 1);
}

TEST(CachingResolver, TheLastAnswerServesWhileLookingUpFails) {
  Rig rig;
  rig.resolve();
  rig.names->set({});
  rig.clock.advance(59min);
  rig.loop.run_once(0ns);
  EXPECT_EQ(rig.resolve().value(), Addresses{address("192.0.2.1")});
  rig.clock.advance(2min);
  rig.loop.run_once(0ns);
  auto result = rig.resolve();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().why, "no such name: a.test");
}

TEST(CachingResolver, AFailureIsRememberedForASecond) {
  Rig rig;
  rig.names->set({});
  EXPECT_FALSE(rig.resolve());
  EXPECT_FALSE(rig.resolve());
  EXPECT_EQ(rig.names->count(), 1);
  rig.names->set({address("192.0.2.7")});
  rig.clock.advance(1s);
  rig.loop.run_once(0ns);
  EXPECT_TRUE(rig.resolve());
  EXPECT_EQ(rig.names->count(), 2);
}

TEST(CachingResolver, WaitsNoLongerThanTold) {
  Rig rig;
  rig.names->hold();
  Asked asked;
  rig.start("a.test", asked, rig.loop.now() + 5s);
  for (int i = 0; i < 5; ++i)
    rig.loop.run_once(1ms);
  EXPECT_FALSE(asked.done);
  rig.clock.advance(5100ms);
  rig.finish(asked);
  ASSERT_FALSE(asked.result);
  EXPECT_NE(asked.result.error().why.find("too long"), std::string::npos);
}

TEST(CachingResolver, AFullLaneIsAnErrorNotAWait) {
  Rig rig;
  rig.names->hold();
  // Two are being looked up, four queue.
  std::vector<Asked> asked(7);
  for (std::size_t i = 0; i < 6; ++i) {
    rig.start(std::to_string(i) + ".test", asked[i]);
    while (i < 2 && rig.names->count() <= static_cast<int>(i))
      rig.loop.run_once(1ms);
  }
  for (int i = 0; i < 5; ++i)
    rig.loop.run_once(1ms);
  rig.start("one-more.test", asked[6]);
  rig.finish(asked[6]);
  EXPECT_FALSE(asked[6].result);
  rig.names->release();
  for (std::size_t i = 0; i < 6; ++i) {
    rig.finish(asked[i]);
    EXPECT_TRUE(asked[i].result);
  }
}

TEST(SystemNames, KnowsThisMachine) {
  const SystemNames names;
  const auto found = names.look_up("localhost", 8080);
  ASSERT_TRUE(found);
  for (const runtime::Address& each : *found) {
    EXPECT_TRUE(each.is_loopback());
    EXPECT_EQ(each.port(), 8080);
  }
  const auto none = names.look_up("no-such-name.invalid", 80);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().why.find("no-such-name.invalid"), std::string::npos);
}

}  // namespace
}  // namespace signet::origin
