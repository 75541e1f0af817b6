#include "gateway/pulse.h"

#include <algorithm>

namespace signet::gateway {

namespace {
constexpr runtime::Duration kLookEvery = std::chrono::seconds(1);
}

Pulse::Pulse(runtime::EventLoop& home, const std::vector<const runtime::EventLoop*>& loops)
    : home_(home) {
  for (const runtime::EventLoop* loop : loops)
    loops_.push_back({&loop->stats(), 0, home.clock().monotonic()});
}

runtime::Task<void> Pulse::run() {
  while (true) {
    look();
    co_await home_.sleep_until(home_.now() + kLookEvery);
  }
}

void Pulse::look() {
  for (Loop& loop : loops_) {
    const std::uint64_t turns = loop.stats->turns.load(std::memory_order_relaxed);
    if (turns == loop.turns) continue;
    loop.turns = turns;
    loop.seen = home_.now();
  }
}

bool Pulse::all_turn() {
  // First of all look: if this loop itself was held up, the others must not be blamed for it.
  look();
  return std::all_of(loops_.begin(), loops_.end(),
                     [this](const Loop& loop) { return home_.now() - loop.seen < kStuckAfter; });
}

}  // namespace signet::gateway
