#pragma once

#include <array>
#include <cstdint>

#include "runtime/clock.h"
#include "runtime/link.h"

namespace signet::runtime {

class TimerLink : public Link {};

// Something that expires. Unlinks itself when destroyed.
class Timer : private TimerLink {
 public:
  bool armed() const { return TimerLink::linked(); }
  void disarm() { TimerLink::unlink(); }

 protected:
  ~Timer() = default;

 private:
  friend class TimerWheel;
  Time deadline_ = kNever;
};

// Hierarchical timing wheel with a tick of 8 ms: arming and disarming are a few pointer writes and
// no system call. A timer fires at the first tick after its deadline, never before it.
class TimerWheel {
 public:
  explicit TimerWheel(Time start) : start_(start) {}

  // A timer may be armed again while it is armed. kNever only disarms.
  void arm(Timer& timer, Time deadline);

  // Calls fire(Timer&) for every timer due at `now`, after unlinking it; `fire` may arm and disarm
  // others but must not run tasks.
  template <typename Fire>
  void expire(Time now, Fire&& fire) {
    Link due;
    collect(now, due);
    while (!due.empty()) {
      Timer& timer = of(*due.front());
      timer.disarm();
      fire(timer);
    }
  }

  // A point not after the next expiry (it may be earlier, when timers wait on a coarser ring),
  // kNever when nothing is armed.
  Time next_wake() const;

 private:
  static Timer& of(Link& link) { return static_cast<Timer&>(static_cast<TimerLink&>(link)); }

  static constexpr Duration kTick = std::chrono::milliseconds(8);
  static constexpr int kBits = 6;
  static constexpr std::uint64_t kSlots = std::uint64_t{1} << kBits;
  static constexpr int kRings = 5;  // 64^5 ticks: 99 days

  struct Ring {
    std::array<Link, kSlots> slots;
    mutable std::uint64_t occupied = 0;  // a set bit may be stale: disarming does not clear it
  };

  std::uint64_t tick_at_or_after(Time time) const;
  void place(Timer& timer);
  void collect(Time now, Link& due);
  void cascade(int ring);

  Time start_;
  std::uint64_t now_tick_ = 0;
  std::array<Ring, kRings> rings_;
};

}  // namespace signet::runtime
