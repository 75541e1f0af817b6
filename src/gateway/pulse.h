#pragma once

#include <cstdint>
#include <vector>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::gateway {

// Whether every event loop still turns. A healthy loop turns at least once a second, having work or
// not (EventLoop::run), so one whose turns stand still for 5 s is stuck.
class Pulse {
 public:
  static constexpr runtime::Duration kStuckAfter = std::chrono::seconds(5);

  // `home`: the loop that looks. All `loops` must outlive this.
  Pulse(runtime::EventLoop& home, const std::vector<const runtime::EventLoop*>& loops);

  // Looks once a second until cancelled. On home.
  runtime::Task<void> run();
  // Looks now, and tells whether every loop turned within the last 5 s. On home.
  bool all_turn();

 private:
  struct Loop {
    const runtime::EventLoop::Stats* stats;
    std::uint64_t turns;
    runtime::Time seen;
  };

  void look();

  runtime::EventLoop& home_;
  std::vector<Loop> loops_;
};

}  // namespace signet::gateway
