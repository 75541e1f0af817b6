#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "state/rig_for_tests.h"

namespace signet::state {
namespace {

using namespace std::chrono_literals;

runtime::Task<void> make_and_end_tokens(SqliteStore& store, int count) {
  for (int i = 0; i < count; ++i) {
    auto adding = store.add_token(token_of(std::to_string(i)));
    auto added = co_await std::move(adding);
    EXPECT_TRUE(added);
    auto revoking = store.revoke_token(std::to_string(i));
    auto revoked = co_await std::move(revoking);
    EXPECT_TRUE(revoked);
  }
}

// Two loops on threads of their own read and note uses, while the home changes and polls.
TEST(Threads, OtherLoopsSeeEveryChangeWithoutARace) {
  constexpr int kTokens = 100;
  ScratchFolder folder;
  runtime::SystemClock clock;
  runtime::EventLoop home(clock);
  runtime::EventLoop first(clock);
  runtime::EventLoop second(clock);
  SqliteSettings settings;
  settings.poll = 5ms;
  settings.between_uses = 10ms;
  settings.between_purges = 20ms;
  SqliteStore store(home, folder.file(), settings);
  StoreView at_home(store, home);
  StoreView view_of_first(store, first);
  StoreView view_of_second(store, second);
  std::atomic<int> finished{0};

  const auto watch = [&](runtime::EventLoop& loop, StoreView& view) {
    std::uint64_t version = 0;
    const Token* last = nullptr;
    while (last == nullptr || last->revoked_at == 0) {
      loop.run_once(1ms);
      EXPECT_GE(view.snapshot().version, version);
      version = view.snapshot().version;
      for (int i = 0; i < kTokens; ++i) {
        last = view.snapshot().find_token(crypto::Sha256::of(std::to_string(i)));
        if (last == nullptr) break;
        view.note_used(*last);
      }
      EXPECT_EQ(view.stale_for(), 0s);
    }
    EXPECT_EQ(view.snapshot().tokens(), static_cast<std::size_t>(kTokens));
    ++finished;
  };
  std::thread one([&] { watch(first, view_of_first); });
  std::thread two([&] { watch(second, view_of_second); });
  {
    runtime::TaskSet tasks(home);
    tasks.start(make_and_end_tokens(store, kTokens));
    const auto end = clock.monotonic() + 60s;
    while ((finished < 2 || tasks.size() != 0) && clock.monotonic() < end)
      home.run_once(1ms);
  }
  one.join();
  two.join();
  EXPECT_EQ(at_home.snapshot().tokens(), static_cast<std::size_t>(kTokens));
}

}  // namespace
}  // namespace signet::state
