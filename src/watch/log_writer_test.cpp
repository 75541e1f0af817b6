#include "watch/log_writer.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace signet::watch {
namespace {

using config::LogTarget;

class LogWriterTest : public testing::Test {
 protected:
  LogWriterTest() {
    std::string name = (std::filesystem::temp_directory_path() / "log_writer_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~LogWriterTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  LogTarget target(const std::string& name) const { return {LogTarget::To::file, path(name), {}}; }
  static std::string contents(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  std::string folder_;
};

TEST_F(LogWriterTest, RingsOfOneFileKeepTheirLinesWhole) {
  constexpr int kThreads = 3;
  constexpr int kLines = 5000;
  std::atomic<int> dropped{0};
  {
    LogWriter writer;
    std::vector<LineSink*> sinks;
    for (int i = 0; i < kThreads; ++i)
      sinks.push_back(&writer.add_ring(target("a.log"), 4096));
    ASSERT_EQ(writer.start(), "");
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int line = 0; line < kLines; ++line) {
          if (!sinks[static_cast<std::size_t>(i)]->write(fmt::format("{}:{}\n", i, line)))
            ++dropped;
        }
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }
  std::ifstream file(path("a.log"));
  std::string line;
  int lines = 0;
  std::vector<int> next(kThreads, 0);
  while (std::getline(file, line)) {
    ++lines;
    std::size_t colon = line.find(':');
    ASSERT_EQ(colon, 1u) << line;
    auto thread = static_cast<std::size_t>(line[0] - '0');
    int number = std::stoi(line.substr(2));
    EXPECT_GE(number, next.at(thread));
    next[thread] = number + 1;
  }
  EXPECT_EQ(lines + dropped, kThreads * kLines);
  EXPECT_GT(lines, 0);
}

TEST_F(LogWriterTest, FlushWritesWhatCameBefore) {
  LogWriter writer;
  LineSink& ring = writer.add_ring(target("a.log"), 1024);
  ASSERT_EQ(writer.start(), "");
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(ring.write("line\n"));
    expected += "line\n";
    if (i % 3 == 0) {
      writer.flush();
      ASSERT_EQ(contents(path("a.log")), expected);
    }
  }
}

TEST_F(LogWriterTest, RotationByRename) {
  LogWriter writer;
  LineSink& ring = writer.add_ring(target("a.log"), 1024);
  ASSERT_EQ(writer.start(), "");
  ring.write("one\n");
  writer.flush();
  std::filesystem::rename(path("a.log"), path("a.log.1"));
  ring.write("two\n");
  writer.flush();
  writer.reopen();
  writer.flush();
  ring.write("three\n");
  writer.flush();
  EXPECT_EQ(contents(path("a.log.1")), "one\ntwo\n");
  EXPECT_EQ(contents(path("a.log")), "three\n");
  struct stat facts;
  ASSERT_EQ(stat(path("a.log").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0007, 0u);
}

TEST_F(LogWriterTest, SharedSinkAndDescriptor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    LogWriter writer;
    LineSink& shared = writer.add_shared(ends[1]);
    EXPECT_TRUE(shared.write("before start\n"));
    ASSERT_EQ(writer.start(), "");
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] { EXPECT_TRUE(shared.write("one\n")); });
    for (std::thread& thread : threads)
      thread.join();
  }
  close(ends[1]);
  std::string text(100, '\0');
  text.resize(static_cast<std::size_t>(read(ends[0], text.data(), text.size())));
  EXPECT_EQ(text, "before start\none\none\none\n");
  close(ends[0]);
}

TEST_F(LogWriterTest, AStalledReaderDropsLinesInsteadOfWaiting) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LogWriter writer;
  LineSink& shared = writer.add_shared(ends[1]);
  ASSERT_EQ(writer.start(), "");
  // Nobody reads: the pipe fills, then the sink; write() comes back all the same.
  std::string line(1023, 'x');
  line += '\n';
  int dropped = 0;
  for (int i = 0; i < 2000; ++i)
    dropped += shared.write(line) ? 0 : 1;
  EXPECT_GT(dropped, 0);
  std::thread reader([&] {
    char buffer[65536];
    while (read(ends[0], buffer, sizeof buffer) > 0) {
    }
  });
  writer.flush();
  close(ends[1]);
  reader.join();
  close(ends[0]);
}

TEST_F(LogWriterTest, CountsAndTellsWhatAFailingFileLoses) {
  std::filesystem::create_symlink("/dev/full", path("a.log"));
  LogWriter writer;
  LineSink& ring = writer.add_ring(target("a.log"), 1024);
  std::vector<LogWriter::Trouble> told;
  writer.on_trouble([&](const LogWriter::Trouble& trouble) { told.push_back(trouble); });
  ASSERT_EQ(writer.start(), "");
  for (int i = 0; i < 3; ++i) {
    ring.write("one\ntwo\n");
    writer.flush();
  }
  EXPECT_EQ(writer.lines_lost(), 6u);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].path, path("a.log"));
  EXPECT_EQ(told[0].error, "No space left on device");

  std::filesystem::remove(path("a.log"));
  writer.reopen();
  writer.flush();
  ring.write("three\n");
  writer.flush();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].error, "");
  EXPECT_EQ(told[1].lines_lost, 6u);
  EXPECT_EQ(writer.lines_lost(), 6u);
  EXPECT_EQ(contents(path("a.log")), "three\n");
}

TEST_F(LogWriterTest, AKeptSinkLosesNothing) {
  std::filesystem::create_symlink("/dev/full", path("a.log"));
  LogWriter writer;
  KeptSink& kept = writer.add_kept_ring(target("a.log"), 4096);
  LineSink& other = writer.add_ring(target("b.log"), 4096);
  ASSERT_EQ(writer.start(), "");
  EXPECT_TRUE(kept.has_room(4096));
  EXPECT_FALSE(kept.has_room(4097));
  EXPECT_TRUE(kept.write("one\n"));
  writer.flush();
  EXPECT_FALSE(kept.has_room(1)) << "nothing more is to be promised";
  // What had been promised before is taken all the same.
  EXPECT_TRUE(kept.write("two\n"));
  other.write("other\n");
  writer.flush();
  EXPECT_EQ(contents(path("b.log")), "other\n") << "others do not wait for it";
  EXPECT_EQ(writer.lines_lost(), 0u);

  std::filesystem::remove(path("a.log"));
  writer.reopen();
  writer.flush();
  writer.flush();
  EXPECT_EQ(contents(path("a.log")), "one\ntwo\n");
  EXPECT_TRUE(kept.has_room(4096));
}

TEST_F(LogWriterTest, AKeptSinkTriesAgainByItself) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit nothing = before;
  nothing.rlim_cur = 0;
  LogWriter writer;
  KeptSink& kept = writer.add_kept_ring(target("a.log"), 4096);
  ASSERT_EQ(writer.start(), "");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &nothing), 0);
  EXPECT_TRUE(kept.write("one\n"));
  writer.flush();
  EXPECT_FALSE(kept.has_room(1));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  for (int i = 0; i < 500 && contents(path("a.log")).empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(contents(path("a.log")), "one\n");
}

TEST_F(LogWriterTest, TellsWhatCannotBeOpenedAnew) {
  std::filesystem::create_directory(path("logs"));
  LogWriter writer;
  LineSink& ring = writer.add_ring(target("logs/a.log"), 1024);
  std::vector<LogWriter::Trouble> told;
  writer.on_trouble([&](const LogWriter::Trouble& trouble) { told.push_back(trouble); });
  ASSERT_EQ(writer.start(), "");
  std::filesystem::rename(path("logs"), path("moved"));
  writer.reopen();
  writer.flush();
  ring.write("one\n");
  writer.flush();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error, "cannot be opened anew: No such file or directory");
  EXPECT_EQ(contents(path("moved/a.log")), "one\n");
}

TEST_F(LogWriterTest, SaysWhichFileCannotBeOpened) {
  LogWriter writer;
  writer.add_ring(target("missing/a.log"), 1024);
  EXPECT_EQ(writer.start(), fmt::format("cannot open the log {}: No such file or directory",
                                        path("missing/a.log")));
}

}  // namespace
}  // namespace signet::watch
