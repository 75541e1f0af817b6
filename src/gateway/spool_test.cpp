#include "gateway/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/scripted_spool.h"

namespace signet::gateway {
namespace {

using Kind = PayloadError::Kind;
constexpr std::size_t kKiB = 1024;

// A body on its way through a payload of its own.
struct Sent {
  Sent(SpoolBench& bench, std::string_view content)
      : body(bench.loop, content, 64 * kKiB), payload(*bench.spooler) {
    task = bench.tasks.start(collect_into(payload, body, passage));
  }
  ScriptedBody body;
  Payload payload;
  Passage passage;
  runtime::TaskSet::Entry* task = nullptr;
};

TEST(Spool, AFullDiskIsNoRoomAndOtherErrorsAreFailures) {
  struct Case {
    int create_error;
    std::uint64_t disk_bytes;
    int write_error;
    Kind expected;
  };
  const std::vector<Case> cases{
      {0, 0, ENOSPC, Kind::spool_full},
      {0, 200 * kKiB, ENOSPC, Kind::spool_full},  // in the middle
      {0, 999 * kKiB, ENOSPC, Kind::spool_full},  // in the last piece
      {0, 500 * kKiB, EDQUOT, Kind::spool_full},
      {0, 500 * kKiB, EIO, Kind::spool_failed},
      {EMFILE, 0, 0, Kind::spool_full},
      {EACCES, 0, 0, Kind::spool_failed},
      {EROFS, 0, 0, Kind::spool_failed},
  };
  const std::string content = content_of(1000 * kKiB);
  for (const Case& c : cases) {
    SpoolBench bench;
    bench.files.create_error = c.create_error;
    bench.files.disk_bytes = c.disk_bytes;
    bench.files.write_error = c.write_error;
    {
      Sent sent(bench, content);
      ASSERT_TRUE(bench.turn_until_idle());
      ASSERT_FALSE(*sent.passage.collected);
      const PayloadError& error = sent.passage.collected->error();
      EXPECT_EQ(error.kind, c.expected) << error.detail;
      EXPECT_TRUE(error.detail.starts_with("spool: ")) << error.detail;
    }
    EXPECT_TRUE(bench.all_closed());
    EXPECT_EQ(bench.loop.blocks().bytes_in_use(), 0u);

    // And the next body is none the worse for it.
    bench.files.create_error = 0;
    bench.files.disk_bytes = UINT64_MAX;
    Sent next(bench, content);
    ASSERT_TRUE(bench.turn_until_idle());
    EXPECT_TRUE(*next.passage.collected);
  }
}

TEST(Spool, AMissingFolderIsAFailure) {
  SpoolBench bench;
  std::filesystem::remove_all(bench.files.directory);
  const std::string content = content_of(200 * kKiB);
  Sent sent(bench, content);
  ASSERT_TRUE(bench.turn_until_idle());
  ASSERT_FALSE(*sent.passage.collected);
  EXPECT_EQ(sent.passage.collected->error().kind, Kind::spool_failed);
}

TEST(Spool, TheQuotaHoldsOverAllBodiesAndComesBack) {
  SpoolBench bench(1000 * kKiB);
  const std::string content = content_of(600 * kKiB);
  {
    Sent first(bench, content);
    ASSERT_TRUE(bench.turn_until_idle());
    EXPECT_TRUE(*first.passage.collected);
    EXPECT_EQ(bench.spool->bytes_in_use(), 600 * kKiB);
    {
      Sent second(bench, content);
      ASSERT_TRUE(bench.turn_until_idle());
      ASSERT_FALSE(*second.passage.collected);
      EXPECT_EQ(second.passage.collected->error().kind, Kind::spool_full);
    }
    ASSERT_TRUE(bench.turn_until([&] { return bench.spool->bytes_in_use() == 600 * kKiB; }));
    // Small bodies need no spool.
    const std::string small = content_of(100 * kKiB);
    Sent third(bench, small);
    ASSERT_TRUE(bench.turn_until_idle());
    EXPECT_TRUE(*third.passage.collected);
  }
  EXPECT_TRUE(bench.all_closed());
  Sent fourth(bench, content);
  ASSERT_TRUE(bench.turn_until_idle());
  EXPECT_TRUE(*fourth.passage.collected);
}

TEST(Spool, ALengthThatCannotFitIsRefusedBeforeTheDiskIsTouched) {
  SpoolBench bench(1000 * kKiB);
  const std::string content = content_of(1200 * kKiB);
  Sent sent(bench, content);
  sent.body.announced = content.size();
  ASSERT_TRUE(bench.turn_until_idle());
  ASSERT_FALSE(*sent.passage.collected);
  EXPECT_EQ(sent.passage.collected->error().kind, Kind::spool_full);
  EXPECT_EQ(sent.body.given, 192 * kKiB);
  EXPECT_EQ(bench.files.created, 0);
}

TEST(Spool, AReadErrorIsToldAndStays) {
  SpoolBench bench;
  const std::string content = content_of(600 * kKiB);
  Sent sent(bench, content);
  ASSERT_TRUE(bench.turn_until_idle());
  bench.files.readable_bytes = 200 * kKiB;
  for (int i = 0; i < 2; ++i) {
    sent.passage.read_error.reset();
    bench.tasks.start(read_into(sent.payload, 64 * kKiB, sent.passage));
    ASSERT_TRUE(bench.turn_until_idle());
    EXPECT_EQ(sent.passage.read_error, http::BodyError::gone);
    EXPECT_EQ(sent.payload.disk_error(), EIO);
    EXPECT_TRUE(sent.passage.out == content.substr(0, 256 * kKiB));
  }
}

TEST(Spool, StoppingGivesEverythingBack) {
  for (const std::size_t size : {100 * kKiB, 600 * kKiB}) {
    SpoolBench bench;
    const std::string content = content_of(size);
    Sent sent(bench, content);
    ASSERT_TRUE(bench.turn_until_idle());
    bench.files.shut_gate();
    auto* reading = bench.tasks.start(read_into(sent.payload, 1000, sent.passage));
    bench.turn(1);
    if (bench.tasks.size() > 0) bench.tasks.cancel(reading);
    sent.payload.stop();
    EXPECT_EQ(sent.payload.bytes_held(), 0u);
    bench.files.open_gate();
    EXPECT_TRUE(bench.all_closed());
    bench.tasks.start(read_into(sent.payload, 1000, sent.passage));
    bench.turn(1);
    EXPECT_EQ(bench.tasks.size(), 0u) << "reading a stopped payload ends at once";
  }
}

// At every turn of a body's way in and out.
TEST(Spool, CancellingAnywhereLeaksNothing) {
  const std::string content = content_of(500 * kKiB);
  for (int turns = 0; turns < 40; ++turns) {
    SpoolBench bench;
    {
      Sent sent(bench, content);
      sent.body.waits = turns % 2 == 1;
      bench.turn(turns);
      if (bench.tasks.size() > 0) bench.tasks.cancel(sent.task);
    }
    EXPECT_TRUE(bench.all_closed()) << turns;
    {
      Sent sent(bench, content);
      ASSERT_TRUE(bench.turn_until_idle());
      auto* reading = bench.tasks.start(read_into(sent.payload, 64 * kKiB, sent.passage));
      bench.turn(turns);
      if (bench.tasks.size() > 0) bench.tasks.cancel(reading);
    }
    EXPECT_TRUE(bench.all_closed()) << turns;
    EXPECT_EQ(bench.files.closed_on_loop, 0);
    EXPECT_EQ(bench.loop.blocks().bytes_in_use(), 0u);
  }
}

TEST(Spool, ABodyGivenUpWhileItIsWrittenIsClosedByAHelper) {
  SpoolBench bench;
  const std::string content = content_of(500 * kKiB);
  bench.files.shut_gate();
  {
    Sent sent(bench, content);
    bench.turn(20);
    bench.files.wait_for_waiters(1);
    bench.tasks.cancel(sent.task);
  }
  EXPECT_EQ(bench.files.closed, 0);
  EXPECT_GT(bench.loop.blocks().bytes_in_use(), 0u) << "the job still owns what it writes";
  bench.files.open_gate();
  EXPECT_TRUE(bench.all_closed());
  EXPECT_EQ(bench.files.closed_on_loop, 0);
  EXPECT_EQ(bench.loop.blocks().bytes_in_use(), 0u);
}

TEST(Spool, TooManyJobsAreNoRoomAndAFileRetiredMeanwhileIsStillClosed) {
  SpoolBench bench(std::uint64_t{1} << 30, 1);
  const std::string content = content_of(300 * kKiB);
  auto idle = std::make_unique<Sent>(bench, content);
  ASSERT_TRUE(bench.turn_until_idle());
  ASSERT_TRUE(*idle->passage.collected);

  bench.files.shut_gate();
  Sent first(bench, content);
  Sent second(bench, content);
  // One at a time: a queue of one place takes the second job when a thread has the first.
  bench.turn(1);
  ASSERT_TRUE(bench.turn_until([&] { return first.payload.on_disk(); }));
  bench.files.wait_for_waiters(1);
  Sent third(bench, content);
  Sent fourth(bench, content);
  ASSERT_TRUE(bench.turn_until([&] {
    return second.passage.collected || third.passage.collected || fourth.passage.collected;
  }));
  int refused = 0;
  for (Sent* sent : {&second, &third, &fourth}) {
    if (!sent->passage.collected) continue;
    ++refused;
    ASSERT_FALSE(*sent->passage.collected);
    EXPECT_EQ(sent->passage.collected->error().kind, Kind::spool_full);
  }
  EXPECT_GE(refused, 1);

  // Until helpers and queue are full for certain: then retire a file.
  std::vector<std::unique_ptr<Sent>> more;
  bench.files.wait_for_waiters(1);
  for (int i = 0; i < 4; ++i) {
    more.push_back(std::make_unique<Sent>(bench, content));
    bench.turn(8);
  }
  idle.reset();
  EXPECT_EQ(bench.files.closed_on_loop, 0);
  bench.files.open_gate();
  ASSERT_TRUE(bench.turn_until([&] { return bench.files.closed > 0; }));
  bench.tasks.cancel_all();
}

TEST(Spool, EndsWithJobsStillWaiting) {
  const std::string content = content_of(300 * kKiB);
  auto bench = std::make_unique<SpoolBench>();
  ScriptedFiles& files = bench->files;
  files.shut_gate();
  std::vector<std::unique_ptr<Sent>> bodies;
  for (int i = 0; i < 6; ++i)
    bodies.push_back(std::make_unique<Sent>(*bench, content));
  bench->turn(20);
  files.wait_for_waiters(2);
  bench->tasks.cancel_all();
  bodies.clear();
  std::thread opener([&files] { files.open_gate(); });
  bench->spool.reset();
  opener.join();
  bench->turn(3);
  EXPECT_EQ(files.created, files.closed);
  EXPECT_EQ(bench->loop.blocks().bytes_in_use(), 0u);
}

TEST(SystemSpoolFiles, MakesFilesThatNobodyElseCanOpen) {
  ScriptedFiles folder;
  SystemSpoolFiles files;
  for (const bool named : {false, true}) {
    auto fd =
        named ? SystemSpoolFiles::create_named(folder.directory) : files.create(folder.directory);
    ASSERT_TRUE(fd);
    struct stat about{};
    ASSERT_EQ(fstat(*fd, &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    EXPECT_EQ(about.st_nlink, 0u);
    EXPECT_TRUE(std::filesystem::is_empty(folder.directory));
    EXPECT_NE(fcntl(*fd, F_GETFD) & FD_CLOEXEC, 0);

    EXPECT_TRUE(files.write_at(*fd, 0, "hello"));
    EXPECT_TRUE(files.write_at(*fd, 5, " world"));
    std::array<char, 20> room;
    auto got = files.read_at(*fd, 3, room);
    ASSERT_TRUE(got);
    EXPECT_EQ(std::string_view(room.data(), *got), "lo world");
    files.close(*fd);
    EXPECT_EQ(files.read_at(*fd, 0, room).error(), EBADF);
    EXPECT_EQ(files.write_at(*fd, 0, "x").error(), EBADF);
  }
  EXPECT_EQ(files.create(folder.directory + "/missing").error(), ENOENT);
  EXPECT_EQ(SystemSpoolFiles::create_named(folder.directory + "/missing").error(), ENOENT);
}

}  // namespace
}  // namespace signet::gateway
