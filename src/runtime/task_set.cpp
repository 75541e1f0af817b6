#include "runtime/task_set.h"

#include <utility>

namespace signet::runtime {

// Stays in the set's list until the task's frame, which owns it, is destroyed.
class TaskSet::Entry : public Link {
 public:
  explicit Entry(TaskSet& set) : set_(&set) {}
  ~Entry() {
    if (set_ == nullptr) return;
    set_->size_--;
    if (set_->size_ == 0) set_->idle_.wake_all();
  }
  TaskSet* set_;        // null once the set is gone
  Task<void> wrapper_;  // empty once it waits for destruction
};

Task<void> TaskSet::run(std::unique_ptr<Entry> self, Task<void> task) {
  co_await std::move(task);
  if (self->wrapper_) self->set_->loop_.destroy_later(std::move(self->wrapper_));
}

TaskSet::Entry* TaskSet::start(Task<void> task) {
  auto made = std::make_unique<Entry>(*this);
  Entry* entry = made.get();
  entry->wrapper_ = run(std::move(made), std::move(task));
  running_.push_back(*entry);
  size_++;
  loop_.start(entry->wrapper_.handle());
  return entry;
}

void TaskSet::cancel(Entry* entry) {
  if (!entry->wrapper_) return;
  loop_.cancel_start(entry->wrapper_.handle());
  Task<void> doomed = std::move(entry->wrapper_);
}

void TaskSet::cancel_later(Entry* entry) {
  if (!entry->wrapper_) return;
  loop_.cancel_start(entry->wrapper_.handle());
  loop_.destroy_later(std::move(entry->wrapper_));
}

void TaskSet::cancel_all() {
  Link rest;
  rest.take_all(running_);
  while (!rest.empty()) {
    auto* entry = static_cast<Entry*>(rest.front());
    entry->unlink();
    if (!entry->wrapper_) {
      // The loop will destroy it; it must not come back here.
      entry->set_ = nullptr;
      size_--;
    }
    cancel(entry);
  }
  if (size_ == 0) idle_.wake_all();
}

Task<Wake> TaskSet::empty(Time deadline) {
  while (size_ > 0) {
    if (co_await idle_.wait(loop_, deadline) == Wake::timed_out) co_return Wake::timed_out;
  }
  co_return Wake::ready;
}

}  // namespace signet::runtime
