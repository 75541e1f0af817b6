#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::runtime {

// Blocking work for a helper thread. Owns everything it touches (descriptors, buffers, strings),
// since the coroutine that asked for it may be gone before it runs.
class Job {
 public:
  virtual ~Job();
  // On the helper thread; must not touch any loop.
  virtual void run() noexcept = 0;

 private:
  friend class Lane;
  friend class JobAwaiter;
  EventLoop* home_ = nullptr;
  class JobAwaiter* ticket_ = nullptr;  // read and written on the home loop only
};

enum class LaneError { full };  // the queue's bound was reached; nothing ran

// Waits for a job; when it dies first, the job still runs and its result is dropped.
class JobAwaiter {
 public:
  JobAwaiter(class Lane& lane, EventLoop& loop, std::unique_ptr<Job> job);
  ~JobAwaiter();
  Task<std::expected<std::unique_ptr<Job>, LaneError>> result();

 private:
  friend class Lane;
  friend class Job;
  EventLoop& loop_;
  Job* waiting_for_ = nullptr;
  std::unique_ptr<Job> done_;
  WaitList arrived_;
};

// A few threads with one bounded queue, for one kind of blocking work (names, files, the store).
class Lane {
 public:
  Lane(std::string name, std::size_t threads, std::size_t queue_bound);
  // Finishes the job at hand and drops the queue. The loops it serves must still exist.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Runs `job` on a helper thread and gives it back, on this loop, with whatever it stored in
  // itself.
  template <typename J>
  Task<std::expected<std::unique_ptr<J>, LaneError>> run(EventLoop& loop, std::unique_ptr<J> job) {
    JobAwaiter awaiter(*this, loop, std::move(job));
    auto done = co_await awaiter.result();
    if (!done) co_return std::unexpected(done.error());
    co_return std::unique_ptr<J>(static_cast<J*>(done->release()));
  }

  // For work whose result nobody waits for, e.g. closing a large file. False when the queue is
  // full: then nothing runs.
  bool run_and_forget(EventLoop& loop, std::unique_ptr<Job> job);

 private:
  friend class JobAwaiter;
  void work();
  bool submit(EventLoop& loop, std::unique_ptr<Job>& job);

  std::string name_;
  std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::unique_ptr<Job>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace signet::runtime
