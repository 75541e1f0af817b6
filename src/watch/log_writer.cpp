#include "watch/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace signet::watch {

namespace {

constexpr std::size_t kMaxShared = 256 * 1024;
constexpr int kGatherMilliseconds = 10;
constexpr int kRetryMilliseconds = 1000;
constexpr int kNice = 10;

// What could not be written, with errno's value: a full disk must not stop the program.
struct Unwritten {
  std::string_view rest;
  int error = 0;
};

Unwritten write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      // Standard output may be a pipe that somebody made non-blocking.
      pollfd waiting{fd, POLLOUT, 0};
      if (poll(&waiting, 1, 1000) > 0) continue;
    }
    if (written <= 0) return {text, written < 0 ? errno : EIO};
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void wake_up(int event_fd) {
  std::uint64_t one = 1;
  while (write(event_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace

// Where lines end up. `path` empty: a borrowed descriptor.
struct LogWriter::File {
  std::string path;
  int fd = -1;
  bool kept = false;  // what it does not take is not given up
  std::atomic<bool> failing{false};
  std::string pending;
  // Of the trouble there is: 0 when there is none.
  int error = 0;
  std::uint64_t lines_lost = 0;

  // The error is errno's.
  int open_path() {
    int fresh = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fresh < 0) return errno;
    if (fd >= 0) close(fd);
    fd = fresh;
    return 0;
  }
  ~File() {
    if (!path.empty() && fd >= 0) close(fd);
  }
};

class LogWriter::Ring final : public KeptSink {
 public:
  Ring(LogWriter& writer, File& file, std::size_t bytes)
      : writer_(writer), file_(file), ring_(bytes) {}

  bool write(std::string_view line) override {
    if (!ring_.push(line)) return false;
    writer_.wake();
    return true;
  }
  bool has_room(std::size_t bytes) const override {
    return !file_.failing.load(std::memory_order_relaxed) && ring_.room() >= bytes;
  }
  bool empty() const { return ring_.empty() || file_.failing.load(std::memory_order_relaxed); }
  void drain() {
    if (!file_.failing.load(std::memory_order_relaxed)) ring_.pop(file_.pending);
  }

 private:
  LogWriter& writer_;
  File& file_;
  ByteRing ring_;
};

class LogWriter::Shared final : public LineSink {
 public:
  Shared(LogWriter& writer, File& file) : writer_(writer), file_(file) {}

  bool write(std::string_view line) override {
    {
      std::lock_guard lock(mutex_);
      if (lines_.size() + line.size() > kMaxShared) return false;
      lines_ += line;
      has_lines_.store(true);
    }
    writer_.wake();
    return true;
  }
  bool empty() const { return !has_lines_.load(); }
  void drain() {
    std::lock_guard lock(mutex_);
    file_.pending += lines_;
    lines_.clear();
    has_lines_.store(false);
  }

 private:
  LogWriter& writer_;
  File& file_;
  std::mutex mutex_;
  std::string lines_;
  std::atomic<bool> has_lines_{false};
};

LogWriter::LogWriter() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::runtime_error("cannot make an eventfd for the logs");
}

LogWriter::~LogWriter() {
  stopping_.store(true);
  wake_up(wake_fd_);
  if (thread_.joinable()) {
    thread_.join();
  } else {
    write_pending();
  }
  close(wake_fd_);
}

LogWriter::File& LogWriter::file_for(const std::string& path, int fd, bool kept) {
  for (auto& file : files_) {
    if (file->kept == kept && file->path == path && (!path.empty() || file->fd == fd)) return *file;
  }
  files_.push_back(std::make_unique<File>());
  files_.back()->kept = kept;
  files_.back()->path = path;
  files_.back()->fd = fd;
  return *files_.back();
}

LogWriter::Ring& LogWriter::make_ring(const config::LogTarget& target, std::size_t bytes,
                                      bool kept) {
  bool named = target.to == config::LogTarget::To::file;
  File& file = named ? file_for(target.path, -1, kept) : file_for({}, STDOUT_FILENO, kept);
  rings_.push_back(std::make_unique<Ring>(*this, file, bytes));
  return *rings_.back();
}

LineSink& LogWriter::add_ring(const config::LogTarget& target, std::size_t bytes) {
  return make_ring(target, bytes, false);
}

KeptSink& LogWriter::add_kept_ring(const config::LogTarget& target, std::size_t bytes) {
  return make_ring(target, bytes, true);
}

LineSink& LogWriter::add_shared(int fd) {
  shared_.push_back(std::make_unique<Shared>(*this, file_for({}, fd, false)));
  return *shared_.back();
}

std::string LogWriter::start() {
  for (auto& file : files_) {
    if (file->path.empty()) continue;
    if (int error = file->open_path()) {
      return fmt::format("cannot open the log {}: {}", file->path, std::strerror(error));
    }
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void LogWriter::reopen() {
  reopening_.store(true);
  wake_up(wake_fd_);
}

void LogWriter::flush() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(flush_mutex_);
  std::uint64_t ticket = ++flush_wanted_;
  wake_up(wake_fd_);
  flushed_.wait(lock, [&] { return flush_done_ >= ticket; });
}

void LogWriter::wake() {
  // One system call per nap of the thread, not per line.
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) wake_up(wake_fd_);
}

bool LogWriter::write_pending() {
  for (auto& ring : rings_)
    ring->drain();
  for (auto& lines : shared_)
    lines->drain();
  bool wrote = false;
  for (auto& file : files_) {
    if (file->pending.empty()) continue;
    write_file(*file);
    wrote |= file->pending.empty();
  }
  return wrote;
}

void LogWriter::write_file(File& file) {
  Unwritten left = file.fd < 0 ? Unwritten{file.pending, EBADF} : write_all(file.fd, file.pending);
  if (file.kept) {
    file.failing.store(left.error != 0, std::memory_order_relaxed);
    file.pending.erase(0, file.pending.size() - left.rest.size());
  } else {
    auto lost = static_cast<std::uint64_t>(std::ranges::count(left.rest, '\n'));
    file.pending.clear();
    file.lines_lost += lost;
    if (lost > 0) lines_lost_.fetch_add(lost, std::memory_order_relaxed);
  }
  if (left.error == file.error) return;
  file.error = left.error;
  bool recovered = left.error == 0;
  if (!file.path.empty() && tell_) {
    tell_({file.path, recovered ? "" : std::strerror(left.error), file.lines_lost});
  }
  if (recovered) file.lines_lost = 0;
}

void LogWriter::reopen_file(File& file) {
  int error = file.open_path();
  if (error != 0 && tell_) {
    tell_({file.path, fmt::format("cannot be opened anew: {}", std::strerror(error)), 0});
  }
}

bool LogWriter::anything_left() const {
  for (const auto& ring : rings_) {
    if (!ring->empty()) return true;
  }
  for (const auto& lines : shared_) {
    if (!lines->empty()) return true;
  }
  return false;
}

bool LogWriter::anything_kept() const {
  return std::ranges::any_of(files_, [](const auto& file) { return !file->pending.empty(); });
}

void LogWriter::run() {
  // Where a loop shares this thread's core, a request does not wait for the log of those before it.
  // On Linux this is the thread's own; a refusal changes nothing but that.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  pollfd waiting{wake_fd_, POLLIN, 0};
  for (;;) {
    std::uint64_t wanted;
    {
      std::lock_guard lock(flush_mutex_);
      wanted = flush_wanted_;
    }
    bool stopping = stopping_.load();
    if (reopening_.exchange(false)) {
      for (auto& file : files_) {
        if (!file->path.empty()) reopen_file(*file);
      }
    }
    bool wrote = false;
    while (write_pending())
      wrote = true;
    {
      std::lock_guard lock(flush_mutex_);
      flush_done_ = wanted;
    }
    flushed_.notify_all();
    if (stopping) return;
    // After writing, gather for a moment; only then ask to be woken by the next line.
    int patience = kGatherMilliseconds;
    if (!wrote) {
      asleep_.store(true, std::memory_order_seq_cst);
      patience = anything_left() ? 0 : anything_kept() ? kRetryMilliseconds : -1;
    }
    if (poll(&waiting, 1, patience) > 0) {
      std::uint64_t count;
      while (read(wake_fd_, &count, sizeof count) < 0 && errno == EINTR) {
      }
    }
    asleep_.store(false, std::memory_order_seq_cst);
  }
}

}  // namespace signet::watch
