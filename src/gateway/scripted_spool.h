#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/payload.h"
#include "runtime/task_set.h"

namespace signet::gateway {

// Bytes that differ at every offset which matters, so that a lost or doubled piece shows.
inline std::string content_of(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 12345;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

// A body that comes in pieces of `piece` bytes, each in a block as large as was asked for, as a
// connection's does.
class ScriptedBody final : public http::ByteSource {
 public:
  ScriptedBody(runtime::EventLoop& loop, std::string_view content, std::size_t piece)
      : loop_(loop), content_(content), piece_(piece) {}

  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t max) override {
    if (waits) co_await loop_.yield();
    if (fails_at && given >= *fails_at) co_return std::unexpected(error);
    const std::size_t size = std::min({max, piece_, content_.size() - given});
    if (size == 0) co_return runtime::Buffer();
    runtime::Buffer buffer(loop_.blocks(), runtime::BlockPool::size_for(max));
    most_in_use = std::max(most_in_use, loop_.blocks().bytes_in_use());
    std::memcpy(buffer.data(), content_.data() + given, size);
    buffer.commit(size);
    given += size;
    co_return buffer;
  }
  std::optional<std::uint64_t> length() const override { return announced; }
  void stop() override {}

  std::optional<std::uint64_t> announced;
  bool waits = false;  // each piece comes a turn later
  std::optional<std::size_t> fails_at;
  http::BodyError error = http::BodyError::gone;
  std::size_t given = 0;
  std::size_t most_in_use = 0;

 private:
  runtime::EventLoop& loop_;
  std::string_view content_;
  std::size_t piece_;
};

// Real files in a folder of their own, that fail and hang when told to.
class ScriptedFiles final : public SpoolFiles {
 public:
  ScriptedFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "signet-spool-XXXXXX").string();
    directory = mkdtemp(pattern.data());
  }
  ~ScriptedFiles() override { std::filesystem::remove_all(directory); }

  std::expected<int, int> create(const std::string& in) override {
    if (create_error != 0) return std::unexpected(create_error.load());
    auto fd = real_.create(in);
    if (fd) ++created;
    return fd;
  }
  std::expected<void, int> write_at(int fd, std::uint64_t offset, std::string_view bytes) override {
    wait_for_gate();
    if (offset + bytes.size() > disk_bytes) return std::unexpected(write_error);
    return real_.write_at(fd, offset, bytes);
  }
  std::expected<std::size_t, int> read_at(int fd, std::uint64_t offset,
                                          std::span<char> into) override {
    wait_for_gate();
    if (offset >= readable_bytes) return std::unexpected(EIO);
    return real_.read_at(fd, offset, into);
  }
  void close(int fd) override {
    if (std::this_thread::get_id() == loop_thread) ++closed_on_loop;
    real_.close(fd);
    ++closed;
  }

  void shut_gate() {
    std::lock_guard lock(mutex_);
    gate_open_ = false;
  }
  void open_gate() {
    {
      std::lock_guard lock(mutex_);
      gate_open_ = true;
    }
    opened_.notify_all();
  }
  // Until so many helper threads stand before the gate.
  void wait_for_waiters(int count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return waiting_ >= count; });
  }

  std::string directory;
  std::atomic<int> create_error{0};
  std::uint64_t disk_bytes = UINT64_MAX;  // per file
  int write_error = ENOSPC;
  std::uint64_t readable_bytes = UINT64_MAX;
  std::atomic<int> created{0};
  std::atomic<int> closed{0};
  std::atomic<int> closed_on_loop{0};
  std::thread::id loop_thread = std::this_thread::get_id();

 private:
  void wait_for_gate() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    arrived_.notify_all();
    opened_.wait(lock, [this] { return gate_open_; });
    --waiting_;
  }

  SystemSpoolFiles real_;
  std::mutex mutex_;
  std::condition_variable opened_;
  std::condition_variable arrived_;
  bool gate_open_ = true;
  int waiting_ = 0;
};

// A loop with a spool, turned by the test.
struct SpoolBench {
  explicit SpoolBench(std::uint64_t bytes = std::uint64_t{1} << 30, std::size_t queue = 64) {
    spool.emplace(SpoolSettings{files.directory, bytes, queue}, files);
    spooler.emplace(loop, *spool);
  }
  ~SpoolBench() {
    tasks.cancel_all();
    files.open_gate();
    spool.reset();
  }

  // Turns until `done`; helper threads wake the loop by mail. False: ten seconds were not enough.
  template <typename Done>
  bool turn_until(Done done) {
    const runtime::Time end = clock.monotonic() + std::chrono::seconds(10);
    while (!done()) {
      if (clock.monotonic() > end) return false;
      loop.run_once(std::chrono::milliseconds(5));
    }
    return true;
  }
  bool turn_until_idle() {
    return turn_until([this] { return tasks.size() == 0; });
  }
  void turn(int times) {
    for (int i = 0; i < times; ++i)
      loop.run_once(runtime::Duration::zero());
  }
  // Everything that was created is closed and its room given back.
  bool all_closed() {
    return turn_until(
        [this] { return files.created == files.closed && spool->bytes_in_use() == 0; });
  }

  runtime::SystemClock clock;
  ScriptedFiles files;
  runtime::EventLoop loop{clock};
  std::optional<Spool> spool;
  std::optional<Spooler> spooler;
  runtime::TaskSet tasks{loop};
};

// What a test keeps of one body's way through a payload.
struct Passage {
  std::optional<std::expected<void, PayloadError>> collected;
  std::string out;
  std::optional<http::BodyError> read_error;
  std::size_t most_held = 0;
  std::size_t largest_piece = 0;
};

inline runtime::Task<void> collect_into(Payload& payload, http::ByteSource& body,
                                        Passage& passage) {
  passage.collected = co_await payload.collect(body);
}

inline runtime::Task<void> read_into(Payload& payload, std::size_t max, Passage& passage) {
  while (true) {
    auto piece = co_await payload.read(max);
    if (!piece) {
      passage.read_error = piece.error();
      co_return;
    }
    if (piece->empty()) co_return;
    passage.most_held = std::max(passage.most_held, payload.bytes_held() + piece->capacity());
    passage.largest_piece = std::max(passage.largest_piece, piece->size());
    passage.out += piece->view();
  }
}

}  // namespace signet::gateway
