#pragma once

#include <csignal>
#include <initializer_list>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::runtime {

// Signals as something a coroutine waits for.
class Signals {
 public:
  // Call before any thread is started: blocks the signals in the calling thread, which later
  // threads inherit. SIGPIPE and SIGXFSZ are ignored altogether: the calls say it.
  static void block(std::initializer_list<int> signals);

  // The signals are blocked.
  Signals(EventLoop& loop, std::initializer_list<int> signals);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal that arrived.
  Task<int> next();

 private:
  EventLoop& loop_;
  int fd_;
  Watch watch_;
};

}  // namespace signet::runtime
