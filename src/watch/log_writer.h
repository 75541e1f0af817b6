#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/config.h"
#include "watch/byte_ring.h"

namespace signet::watch {

// Where lines of a log go. write() never waits for a disk or a pipe.
class LineSink {
 public:
  virtual ~LineSink() = default;
  // `line` ends in "\n". False: it was dropped.
  virtual bool write(std::string_view line) = 0;
};

// A sink that loses nothing it has taken, for lines that must be kept.
class KeptSink : public LineSink {
 public:
  // Whether write() would take so many bytes more now. False too while the file is failing: what it
  // does not take waits, and no more is taken. For the sink's own thread.
  virtual bool has_room(std::size_t bytes) const = 0;
};

// The one thread that writes logs. Loops hand it lines through rings without a lock; it sleeps
// while there is nothing to write and gathers lines for up to 10 ms otherwise.
class LogWriter {
 public:
  LogWriter();
  // Writes what is left, then ends the thread.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Before start(). The sink is for one thread at a time (a ring of `bytes`, a power of two); it
  // lives as long as the writer. Sinks of the same file share one descriptor.
  LineSink& add_ring(const config::LogTarget& target, std::size_t bytes);
  // The same for lines that must be kept: what the file does not take is tried again every second.
  KeptSink& add_kept_ring(const config::LogTarget& target, std::size_t bytes);
  // A sink for every thread, which locks; lines go to file descriptor `fd`, borrowed.
  LineSink& add_shared(int fd);

  // A file's lines are lost, or no longer: `error` is empty when they are written again.
  struct Trouble {
    std::string path;
    std::string error;
    std::uint64_t lines_lost = 0;  // since the trouble began
  };
  // Before start(). Called on the writer's thread when a named file begins to fail or recovers, not
  // for every line; it may write to a sink of another file.
  void on_trouble(std::function<void(const Trouble&)> tell) { tell_ = std::move(tell); }
  // Lines taken by a sink and then lost to a file or descriptor that fails. Any thread.
  std::uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }

  // Opens the files (O_APPEND, 0640) and starts the thread. The error names the file and the cause.
  std::string start();
  // Opens the files anew, after log rotation; one that cannot be opened keeps its old descriptor,
  // and that is told as a trouble.
  void reopen();
  // Waits until everything handed over before the call is written.
  void flush();

 private:
  struct File;
  class Ring;
  class Shared;

  File& file_for(const std::string& path, int fd, bool kept);
  void run();
  bool write_pending();
  void write_file(File& file);
  void reopen_file(File& file);
  bool anything_left() const;
  bool anything_kept() const;
  Ring& make_ring(const config::LogTarget& target, std::size_t bytes, bool kept);
  void wake();

  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<std::unique_ptr<Shared>> shared_;
  int wake_fd_ = -1;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> reopening_{false};
  std::atomic<std::uint64_t> lines_lost_{0};
  std::function<void(const Trouble&)> tell_;
  std::mutex flush_mutex_;
  std::condition_variable flushed_;
  std::uint64_t flush_wanted_ = 0;
  std::uint64_t flush_done_ = 0;
  std::thread thread_;
};

}  // namespace signet::watch
