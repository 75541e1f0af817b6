#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::runtime {

// Asks another loop to run a coroutine and waits for what it gives. `work` is called there, once,
// and so must own what it needs: the caller may be gone before it runs. When the caller is
// destroyed first, the work goes on and its result is dropped, on this loop. Both may be the same
// loop: then too the work does not end with its caller.
//
// `there_tasks` belongs to `there` and outlives every call to it; so does `here` every answer.
// Nothing comes back from a loop that ends with the work at hand.
template <typename T>
class Call {
 public:
  using Work = std::function<Task<T>()>;

  Call(EventLoop& here, EventLoop& there, TaskSet& there_tasks, Work work)
      : here_(here), there_(there), there_tasks_(there_tasks), work_(std::move(work)) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (errand_ != nullptr) errand_->caller = nullptr;
  }

  Task<T> result() {
    auto errand = std::make_shared<Errand>(here_, there_tasks_, std::move(work_));
    errand->caller = this;
    errand_ = errand;
    there_.post(std::make_unique<Departure>(std::move(errand)));
    while (!done_)
      co_await arrived_.wait(here_);
    co_return std::move(*done_);
  }

 private:
  // Handed from loop to loop. Shared, for either may end while the other still looks at it.
  struct Errand {
    Errand(EventLoop& from, TaskSet& to, Work what)
        : home(from), tasks(to), work(std::move(what)) {}
    EventLoop& home;
    TaskSet& tasks;
    Work work;
    std::optional<T> outcome;
    Call* caller = nullptr;  // read and written on `home` only
  };

  class Homecoming final : public Message {
   public:
    explicit Homecoming(std::shared_ptr<Errand> errand) : errand_(std::move(errand)) {}
    void deliver() override {
      Call* caller = std::exchange(errand_->caller, nullptr);
      if (caller == nullptr) return;
      caller->done_.emplace(std::move(*errand_->outcome));
      caller->arrived_.wake_all();
    }

   private:
    std::shared_ptr<Errand> errand_;
  };

  class Departure final : public Message {
   public:
    explicit Departure(std::shared_ptr<Errand> errand) : errand_(std::move(errand)) {}
    void deliver() override {
      TaskSet& tasks = errand_->tasks;
      tasks.start(run(std::move(errand_)));
    }

   private:
    static Task<void> run(std::shared_ptr<Errand> errand) {
      {
        auto work = errand->work();
        errand->outcome.emplace(co_await std::move(work));
      }
      errand->work = nullptr;  // what it owns dies where it was used
      EventLoop& home = errand->home;
      home.post(std::make_unique<Homecoming>(std::move(errand)));
    }

    std::shared_ptr<Errand> errand_;
  };

  EventLoop& here_;
  EventLoop& there_;
  TaskSet& there_tasks_;
  Work work_;
  std::shared_ptr<Errand> errand_;
  std::optional<T> done_;
  WaitList arrived_;
};

}  // namespace signet::runtime
