#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "runtime/address.h"
#include "runtime/arena.h"
#include "runtime/block_pool.h"
#include "runtime/buffer.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"
#include "runtime/race.h"
#include "runtime/socket.h"
#include "runtime/task_set.h"
#include "runtime/timer_wheel.h"

namespace signet::runtime {
namespace {

using namespace std::chrono_literals;

TEST(BlockPool, GivesMemoryBackButKeepsOneSpareSlab) {
  BlockPool pool;
  std::vector<char*> blocks;
  for (int i = 0; i < 2000; ++i)
    blocks.push_back(pool.take(BlockSize::k4));
  EXPECT_EQ(pool.bytes_in_use(), 2000u * 4096);
  std::size_t peak = pool.bytes_mapped();
  EXPECT_GE(peak, 2000u * 4096);
  for (char* block : blocks)
    pool.give_back(block, BlockSize::k4);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  pool.trim();
  EXPECT_EQ(pool.bytes_mapped(), peak) << "all of it was needed since the last trim";
  pool.trim();
  EXPECT_EQ(pool.bytes_mapped(), std::size_t{1} << 20);
}

TEST(BlockPool, KeepsWhatASteadyLoadComesBackFor) {
  BlockPool pool;
  std::vector<char*> blocks;
  std::size_t mapped = 0;
  for (int turn = 0; turn < 6; ++turn) {
    for (int i = 0; i < 1000; ++i)
      blocks.push_back(pool.take(BlockSize::k4));
    if (turn == 0) mapped = pool.bytes_mapped();
    EXPECT_EQ(pool.bytes_mapped(), mapped);
    while (!blocks.empty()) {
      pool.give_back(blocks.back(), BlockSize::k4);
      blocks.pop_back();
    }
    if (turn % 2 == 0) pool.trim();
    EXPECT_EQ(pool.bytes_mapped(), mapped);
  }
}

TEST(EventLoop, GivesBackWhatNobodyNeededForASecond) {
  ManualClock clock;
  EventLoop loop(clock);
  std::vector<char*> blocks;
  for (int i = 0; i < 1000; ++i)
    blocks.push_back(loop.blocks().take(BlockSize::k4));
  for (char* block : blocks)
    loop.blocks().give_back(block, BlockSize::k4);
  for (int seconds = 0; seconds < 2; ++seconds) {
    loop.run_once(Duration::zero());
    EXPECT_GT(loop.blocks().bytes_mapped(), std::size_t{1} << 20);
    clock.advance(1s);
    loop.run_once(Duration::zero());
  }
  EXPECT_EQ(loop.blocks().bytes_mapped(), std::size_t{1} << 20);
}

TEST(BlockPool, BlocksDoNotOverlap) {
  BlockPool pool;
  for (BlockSize size : {BlockSize::k4, BlockSize::k16, BlockSize::k64}) {
    std::size_t bytes = kBlockBytes[static_cast<std::size_t>(size)];
    std::vector<char*> blocks;
    for (int i = 0; i < 40; ++i) {
      blocks.push_back(pool.take(size));
      std::memset(blocks.back(), i, bytes);
    }
    for (int i = 0; i < 40; ++i) {
      char* block = blocks[static_cast<std::size_t>(i)];
      EXPECT_EQ(block[0], i);
      EXPECT_EQ(block[bytes - 1], i);
      pool.give_back(block, size);
    }
  }
}

TEST(Arena, KeepsWhatItHandedOutAndHoldsNothingAfterwards) {
  BlockPool pool;
  {
    Arena arena(pool);
    EXPECT_EQ(pool.bytes_in_use(), 0u);
    std::vector<std::string_view> copies;
    for (int i = 0; i < 3000; ++i)
      copies.push_back(arena.copy(std::to_string(i)));
    copies.push_back(arena.copy(std::string(200'000, 'x')));
    for (int i = 0; i < 3000; ++i) {
      EXPECT_EQ(copies[static_cast<std::size_t>(i)], std::to_string(i));
    }
    EXPECT_EQ(copies.back().size(), 200'000u);
    auto* aligned = arena.make_array<double>(3);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % alignof(double), 0u);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

struct TestTimer : Timer {
  explicit TestTimer(int n) : name(n) {}
  int name;
};

TEST(TimerWheel, FiresInOrderAndNeverEarly) {
  Time start{1h};
  TimerWheel wheel(start);
  std::vector<Duration> delays{1ms, 7ms, 8ms, 9ms, 100ms, 511ms, 512ms, 513ms, 4s, 33s, 5min, 3h};
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (std::size_t i = 0; i < delays.size(); ++i) {
    timers.push_back(std::make_unique<TestTimer>(static_cast<int>(i)));
    wheel.arm(*timers.back(), start + delays[i]);
  }
  std::vector<int> fired;
  Time now = start;
  while (true) {
    Time next = wheel.next_wake();
    if (next == kNever) break;
    EXPECT_GT(next, now);
    now = next;
    wheel.expire(now, [&](Timer& timer) {
      auto name = static_cast<TestTimer&>(timer).name;
      Duration delay = delays[static_cast<std::size_t>(name)];
      EXPECT_GE(now, start + delay);
      EXPECT_LE(now, start + delay + 16ms);
      fired.push_back(name);
    });
  }
  EXPECT_EQ(fired, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(TimerWheel, ALateLookFiresEverythingDue) {
  Time start{1h};
  TimerWheel wheel(start);
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (int i = 0; i < 2000; ++i) {
    timers.push_back(std::make_unique<TestTimer>(i));
    wheel.arm(*timers.back(), start + i * 5ms);
  }
  timers[500]->disarm();
  int fired = 0;
  wheel.expire(start + 5s, [&](Timer&) { ++fired; });
  EXPECT_NEAR(fired, 1000, 3);
  wheel.expire(start + 1h, [&](Timer&) { ++fired; });
  EXPECT_EQ(fired, 1999);
  EXPECT_EQ(wheel.next_wake(), kNever);
}

Task<int> add_later(EventLoop& loop, int a, int b) {
  co_await loop.yield();
  co_return a + b;
}

Task<void> store(EventLoop& loop, int& into) {
  into = co_await add_later(loop, 2, 3);
}

TEST(TaskSet, RunsTasksAndForgetsThem) {
  ManualClock clock;
  EventLoop loop(clock);
  TaskSet tasks(loop);
  int result = 0;
  tasks.start(store(loop, result));
  EXPECT_EQ(tasks.size(), 1u);
  for (int i = 0; i < 4; ++i)
    loop.run_once(0ns);
  EXPECT_EQ(result, 5);
  EXPECT_EQ(tasks.size(), 0u);
}

struct CountsDown {
  int& count;
  explicit CountsDown(int& c) : count(c) { ++count; }
  ~CountsDown() { --count; }
};

Task<void> sleep_long(EventLoop& loop, int& alive) {
  CountsDown held(alive);
  co_await loop.sleep_until(loop.now() + 10s);
}

TEST(TaskSet, DestroyingItCancelsWhatIsSuspended) {
  ManualClock clock;
  EventLoop loop(clock);
  int alive = 0;
  {
    TaskSet tasks(loop);
    for (int i = 0; i < 5; ++i)
      tasks.start(sleep_long(loop, alive));
    loop.run_once(0ns);
    EXPECT_EQ(alive, 5);
    tasks.start(sleep_long(loop, alive));  // never begins
  }
  EXPECT_EQ(alive, 0);
  clock.advance(11s);
  loop.run_once(0ns);
}

Task<int> sleep_and_return(EventLoop& loop, Duration delay, int value, int& alive) {
  CountsDown held(alive);
  co_await loop.sleep_until(loop.now() + delay);
  co_return value;
}

Task<void> race_two(EventLoop& loop, int& winner, int& alive) {
  auto slow = sleep_and_return(loop, 50ms, 1, alive);
  auto quick = sleep_and_return(loop, 20ms, 2, alive);
  auto outcome = co_await race(loop, std::move(slow), std::move(quick));
  winner = outcome.index() == 0 ? std::get<0>(outcome) : std::get<1>(outcome);
}

TEST(Race, TheQuickerWinsAndTheOtherDies) {
  ManualClock clock;
  EventLoop loop(clock);
  TaskSet tasks(loop);
  int winner = 0;
  int alive = 0;
  tasks.start(race_two(loop, winner, alive));
  for (int i = 0; i < 20; ++i) {
    loop.run_once(0ns);
    clock.advance(5ms);
  }
  EXPECT_EQ(winner, 2);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(tasks.size(), 0u);
}

Task<void> bounded(EventLoop& loop, Duration work, std::optional<int>& result, int& alive) {
  auto task = sleep_and_return(loop, work, 7, alive);
  result = co_await within(loop, loop.now() + 100ms, std::move(task));
}

TEST(Within, GivesNothingPastTheDeadline) {
  for (auto [work, expected] : {std::pair<Duration, bool>{50ms, true}, {500ms, false}}) {
    ManualClock clock;
    EventLoop loop(clock);
    TaskSet tasks(loop);
    std::optional<int> result;
    int alive = 0;
    tasks.start(bounded(loop, work, result, alive));
    for (int i = 0; i < 40; ++i) {
      loop.run_once(0ns);
      clock.advance(5ms);
    }
    EXPECT_EQ(result.has_value(), expected);
    EXPECT_EQ(alive, 0);
  }
}

struct Square final : Job {
  explicit Square(int n) : value(n) {}
  void run() noexcept override { value *= value; }
  int value;
};

Task<void> square(Lane& lane, EventLoop& loop, int& result) {
  auto done = co_await lane.run(loop, std::make_unique<Square>(12));
  result = (*done)->value;
}

TEST(Lane, GivesTheJobBackOnTheLoop) {
  SystemClock clock;
  EventLoop loop(clock);
  Lane lane("test", 2, 16);
  TaskSet tasks(loop);
  int result = 0;
  tasks.start(square(lane, loop, result));
  while (tasks.size() > 0)
    loop.run_once(100ms);
  EXPECT_EQ(result, 144);
}

TEST(Lane, ACancelledWaitDropsTheResult) {
  SystemClock clock;
  EventLoop loop(clock);
  Lane lane("test", 1, 1000);
  int result = 0;
  for (int i = 0; i < 200; ++i) {
    TaskSet tasks(loop);
    tasks.start(square(lane, loop, result));
    loop.run_once(0ns);
  }
  for (int i = 0; i < 10; ++i)
    loop.run_once(5ms);
}

TEST(Lane, AQueueThatIsDroppedLeavesItsWaitersInPeace) {
  SystemClock clock;
  EventLoop loop(clock);
  TaskSet tasks(loop);
  int result = 0;
  {
    Lane lane("test", 0, 10);
    tasks.start(square(lane, loop, result));
    loop.run_once(0ns);
  }
  tasks.cancel_all();
  EXPECT_EQ(result, 0);
}

TEST(Lane, AFullQueueIsAnError) {
  SystemClock clock;
  EventLoop loop(clock);
  Lane lane("test", 0, 1);
  EXPECT_TRUE(lane.run_and_forget(loop, std::make_unique<Square>(1)));
  EXPECT_FALSE(lane.run_and_forget(loop, std::make_unique<Square>(1)));
}

struct Pair {
  std::unique_ptr<Socket> a;
  std::unique_ptr<Socket> b;
};

Pair connected(EventLoop& loop) {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  return {Socket::adopt(loop, fds[0]), Socket::adopt(loop, fds[1])};
}

Task<void> send_all(Stream& stream, std::string text, bool& ok) {
  auto sent = co_await write_all(stream, text, 5s);
  ok = sent.has_value();
  stream.shutdown_write();
}

Task<void> receive_all(Stream& stream, std::string& into) {
  std::vector<char> room(10'000);
  while (true) {
    auto got = co_await read_some(stream, room, kNever);
    if (!got) co_return;
    into.append(room.data(), *got);
  }
}

TEST(Socket, CarriesMoreThanBuffersAndTurnsHold) {
  SystemClock clock;
  EventLoop loop(clock);
  Pair pair = connected(loop);
  TaskSet tasks(loop);
  std::string sent(3'000'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 31 >> 3);
  std::string received;
  bool ok = false;
  tasks.start(send_all(*pair.a, sent, ok));
  tasks.start(receive_all(*pair.b, received));
  while (tasks.size() > 0)
    loop.run_once(100ms);
  EXPECT_TRUE(ok);
  EXPECT_TRUE(received == sent);
}

Task<void> read_with_deadline(Stream& stream, std::optional<IoError>& error) {
  std::vector<char> room(10);
  auto got = co_await read_some(stream, room, stream.loop().now() + 30ms);
  if (!got) error = got.error();
}

TEST(Socket, ReadGivesUpAtItsDeadline) {
  ManualClock clock;
  EventLoop loop(clock);
  Pair pair = connected(loop);
  TaskSet tasks(loop);
  std::optional<IoError> error;
  tasks.start(read_with_deadline(*pair.a, error));
  for (int i = 0; i < 10; ++i) {
    loop.run_once(0ns);
    clock.advance(10ms);
  }
  EXPECT_EQ(error, IoError::timed_out);
}

TEST(Socket, KnowsOfUnreadBytesAndOfThePeersEnd) {
  SystemClock clock;
  EventLoop loop(clock);
  Pair pair = connected(loop);
  loop.run_once(0ns);
  EXPECT_FALSE(pair.a->has_unread());
  iovec byte{const_cast<char*>("x"), 1};
  ASSERT_TRUE(pair.b->try_write({&byte, 1}));
  loop.run_once(10ms);
  EXPECT_TRUE(pair.a->has_unread());
  Pair other = connected(loop);
  other.b.reset();
  loop.run_once(10ms);
  EXPECT_TRUE(other.a->has_unread());
}

TEST(Address, TextsAndLoopback) {
  struct Row {
    const char* host;
    const char* text;
    bool loopback;
  };
  for (const Row& row : std::vector<Row>{{"127.0.0.1", "127.0.0.1:80", true},
                                         {"127.255.0.9", "127.255.0.9:80", true},
                                         {"0.0.0.0", "0.0.0.0:80", false},
                                         {"255.10.100.1", "255.10.100.1:80", false},
                                         {"::1", "[::1]:80", true},
                                         {"[::1]", "[::1]:80", true},
                                         {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80", true},
                                         {"2001:db8::1", "[2001:db8::1]:80", false}}) {
    auto address = Address::numeric(row.host, 80);
    ASSERT_TRUE(address) << row.host;
    EXPECT_EQ(address->text(), row.text);
    EXPECT_EQ(address->is_loopback(), row.loopback) << row.host;
    EXPECT_EQ(address->port(), 80);
  }
  for (const char* bad : {"localhost", "", "127.1", "1.2.3.4.5", "fe80::1%eth0", "01.2.3.4"}) {
    EXPECT_FALSE(Address::numeric(bad, 80)) << bad;
  }
}

class Increment final : public Message {
 public:
  explicit Increment(int& counter) : counter_(counter) {}
  void deliver() override { ++counter_; }

 private:
  int& counter_;
};

TEST(EventLoop, DeliversMessagesOfOtherThreads) {
  SystemClock clock;
  EventLoop loop(clock);
  int counter = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i)
      loop.post(std::make_unique<Increment>(counter));
    loop.stop();
  });
  loop.run();
  other.join();
  loop.run_once(0ns);
  EXPECT_EQ(counter, 1000);
}

}  // namespace
}  // namespace signet::runtime
