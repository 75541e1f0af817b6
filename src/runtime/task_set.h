#pragma once

#include <cstddef>
#include <memory>

#include "runtime/event_loop.h"
#include "runtime/link.h"
#include "runtime/task.h"

namespace signet::runtime {

// Owns tasks that run beside their owner, e.g. a listener's connections. A finished task is
// destroyed at the loop's top level; destroying the set cancels the rest.
class TaskSet {
 public:
  // Hook of a running task; destroying the TaskSet or cancel() ends it.
  class Entry;

  explicit TaskSet(EventLoop& loop) : loop_(loop) {}
  ~TaskSet() { cancel_all(); }
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

  // Runs `task` from the loop's next turn on. The pointer is good for cancel() until it ends.
  Entry* start(Task<void> task);
  // Ends one task; only at the loop's top level or from another task, never from inside it.
  void cancel(Entry* entry);
  // Ends one task at the end of this turn; from anywhere, from inside it too.
  void cancel_later(Entry* entry);
  void cancel_all();

  std::size_t size() const { return size_; }
  // Waits until no task is left or the deadline has passed.
  Task<Wake> empty(Time deadline);

 private:
  friend class Entry;
  static Task<void> run(std::unique_ptr<Entry> self, Task<void> task);

  EventLoop& loop_;
  Link running_;
  std::size_t size_ = 0;
  WaitList idle_;
};

}  // namespace signet::runtime
