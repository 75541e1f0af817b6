#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/block_pool.h"
#include "runtime/clock.h"
#include "runtime/link.h"
#include "runtime/task.h"
#include "runtime/timer_wheel.h"

namespace signet::runtime {

class EventLoop;

enum class Wake : std::uint8_t { ready, timed_out };

// Hook of wait lists and of the ready list; a type of its own beside the timer's hook.
class WaitLink : public Link {};

// A suspended coroutine, waiting on at most one list and one timer. Lives inside the coroutine's
// own frame, so that destroying the frame leaves both.
class Waiter : public WaitLink, public Timer {
 public:
  explicit Waiter(EventLoop& loop) : loop_(loop) {}
  ~Waiter() = default;
  EventLoop& loop() { return loop_; }

 protected:
  Wake wake_ = Wake::ready;

 private:
  friend class EventLoop;
  friend class WaitList;
  EventLoop& loop_;
  std::coroutine_handle<> coroutine_;
};

// Coroutines of one loop that wait for something to happen, first come first served.
class WaitList {
 public:
  class [[nodiscard]] Awaiter : public Waiter {
   public:
    // With `soon` nothing is waited for: the coroutine only goes behind everything ready now.
    Awaiter(EventLoop& loop, WaitList& list, Time deadline, bool soon)
        : Waiter(loop), list_(list), deadline_(deadline), soon_(soon) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept;
    Wake await_resume() const noexcept { return wake_; }

   private:
    WaitList& list_;
    Time deadline_;
    bool soon_;
  };

  Awaiter wait(EventLoop& loop, Time deadline = kNever, bool soon = false) {
    return {loop, *this, deadline, soon};
  }
  bool empty() const { return waiting_.empty(); }
  void wake_one();
  void wake_all();

 private:
  Link waiting_;
};

// Work that another thread sends to a loop; destroyed there, or with the loop.
class Message {
 public:
  virtual ~Message() = default;
  // Runs at the loop's top level.
  virtual void deliver() = 0;
};

// What a file descriptor's owner gets told. epoll's edge is remembered in flags, so that nobody
// needs to ask the kernel twice.
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool readable = false;
  bool writable = false;
  bool peer_finished = false;  // EPOLLRDHUP: FIN arrived, perhaps behind unread bytes
  bool broken = false;         // EPOLLERR or EPOLLHUP: reset, or closed both ways
  WaitList readers;
  WaitList writers;
  WaitList watchers_of_breaking;
};

// One thread's edge-triggered epoll loop: readiness, timers, messages from other threads, and the
// ready list from which every coroutine is resumed. Everything not marked otherwise is called on
// the loop's own thread.
class EventLoop {
 public:
  struct Stats {
    std::atomic<std::uint64_t> turns{0};
    std::atomic<std::uint64_t> slow_turns{0};  // over 20 ms
  };

  explicit EventLoop(Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Turns until stop(). A turn: wait, note events, fire timers, deliver messages, resume whatever
  // became ready, destroy what finished.
  void run();
  // One turn; waits at most `longest`.
  void run_once(Duration longest);
  // Any thread.
  void stop();
  // Any thread. After shut() the message is destroyed undelivered.
  void post(std::unique_ptr<Message> message);
  // The last act on the loop's thread, once everything that lives on the loop is gone: destroys
  // what waits for destruction or delivery. Frames belong to their thread's pool, so that this
  // cannot be left to whoever destroys the loop.
  void shut();

  // Registers `fd` once, for everything. Both must stay until forget(). False: out of memory or
  // watches (errno).
  bool watch(int fd, Watch& watch);
  void forget(int fd);

  // Moves a waiter from wherever it waits to the tail of the ready list.
  void make_ready(Waiter& waiter, Wake wake);
  void arm(Timer& timer, Time deadline) { timers_.arm(timer, deadline); }

  // Resumes this coroutine behind everything that is ready now.
  class [[nodiscard]] YieldAwaiter : public Waiter {
   public:
    using Waiter::Waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept;
    void await_resume() const noexcept {}
  };
  YieldAwaiter yield() { return YieldAwaiter(*this); }
  // Resumes at `deadline`.
  WaitList::Awaiter sleep_until(Time deadline) { return sleepers_.wait(*this, deadline); }

  // Destroys the task at the loop's top level, not now.
  void destroy_later(Task<void> task);

  // Resumes `coroutine` from the top level of the next turn.
  void start(std::coroutine_handle<> coroutine) { to_start_.push_back(coroutine); }
  // The coroutine given to start() is about to be destroyed before it ran.
  void cancel_start(std::coroutine_handle<> coroutine);

  // The monotonic clock as of this turn's beginning: enough for deadlines, free of charge.
  Time now() const { return now_; }
  Clock& clock() { return clock_; }
  BlockPool& blocks() { return blocks_; }
  std::uint64_t turn() const { return turn_; }
  const Stats& stats() const { return stats_; }
  // Called on the loop's thread after a turn of more than 20 ms, with its length.
  std::function<void(Duration)> on_slow_turn;

 private:
  void wait_for_events(Duration longest);
  void deliver_messages();
  void resume_ready();
  void destroy_finished();
  void trim_memory();

  Clock& clock_;
  BlockPool blocks_;
  int epoll_ = -1;
  int wakeup_ = -1;
  Time now_;
  Time trimmed_;  // when unneeded memory last went back
  std::uint64_t turn_ = 0;
  TimerWheel timers_;
  Link ready_;
  WaitList sleepers_;
  std::vector<std::coroutine_handle<>> to_start_;
  std::vector<Task<void>> to_destroy_;
  std::vector<Task<void>> doomed_;
  Stats stats_;
  std::atomic<bool> stopping_{false};
  std::mutex mail_mutex_;
  std::vector<std::unique_ptr<Message>> mail_;
  bool shut_ = false;
  std::atomic<bool> mail_waiting_{false};
};

}  // namespace signet::runtime
