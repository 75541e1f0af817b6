#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <variant>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::runtime {

// A coroutine that waits for one thing which happens once on its own loop.
class Event {
 public:
  explicit Event(EventLoop& loop) : loop_(loop) {}
  bool is_set() const { return set_; }
  void set() {
    set_ = true;
    waiting_.wake_all();
  }
  // Gives timed_out when the deadline passes first.
  Task<Wake> wait(Time deadline = kNever) {
    while (!set_) {
      if (co_await waiting_.wait(loop_, deadline) == Wake::timed_out) co_return Wake::timed_out;
    }
    co_return Wake::ready;
  }

 private:
  EventLoop& loop_;
  bool set_ = false;
  WaitList waiting_;
};

// A task that runs beside the coroutine that owns it. Destroying it cancels the task; it must be
// destroyed by that coroutine or with it.
template <typename T>
class Beside {
 public:
  Beside(EventLoop& loop, Task<T> task)
      : loop_(loop), done_(loop), task_(run(*this, std::move(task))) {
    loop_.start(task_.handle());
  }
  ~Beside() { loop_.cancel_start(task_.handle()); }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  bool done() const { return done_.is_set(); }
  Task<Wake> wait(Time deadline = kNever) { return done_.wait(deadline); }
  // The result, once done().
  T& result() { return *result_; }

 private:
  static Task<void> run(Beside& self, Task<T> task) {
    self.result_.emplace(co_await std::move(task));
    self.done_.set();
  }

  EventLoop& loop_;
  Event done_;
  std::optional<T> result_;
  Task<void> task_;
};

// Runs both at once; gives the result of whichever ends first and cancels the other.
template <typename A, typename B>
Task<std::variant<A, B>> race(EventLoop& loop, Task<A> first, Task<B> second) {
  WaitList either;
  struct Lane {
    static Task<int> announce(WaitList& list, Beside<A>* a, Beside<B>* b) {
      if (a != nullptr) co_await a->wait();
      if (b != nullptr) co_await b->wait();
      list.wake_all();
      co_return 0;
    }
  };
  Beside<A> a(loop, std::move(first));
  Beside<B> b(loop, std::move(second));
  Beside<int> a_done(loop, Lane::announce(either, &a, nullptr));
  Beside<int> b_done(loop, Lane::announce(either, nullptr, &b));
  while (!a.done() && !b.done())
    co_await either.wait(loop);
  if (a.done()) co_return std::variant<A, B>(std::in_place_index<0>, std::move(a.result()));
  co_return std::variant<A, B>(std::in_place_index<1>, std::move(b.result()));
}

// The task's result, or nothing when the deadline passes first; the task is cancelled then.
template <typename T>
Task<std::optional<T>> within(EventLoop& loop, Time deadline, Task<T> task) {
  Beside<T> running(loop, std::move(task));
  if (co_await running.wait(deadline) == Wake::timed_out) co_return std::nullopt;
  co_return std::optional<T>(std::move(running.result()));
}

}  // namespace signet::runtime
