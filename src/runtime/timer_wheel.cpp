#include "runtime/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace signet::runtime {

std::uint64_t TimerWheel::tick_at_or_after(Time time) const {
  if (time <= start_) return 0;
  auto ticks = static_cast<std::uint64_t>((time - start_) / kTick);
  return start_ + ticks * kTick < time ? ticks + 1 : ticks;
}

void TimerWheel::arm(Timer& timer, Time deadline) {
  timer.disarm();
  timer.deadline_ = deadline;
  if (deadline != kNever) place(timer);
}

void TimerWheel::place(Timer& timer) {
  std::uint64_t tick = std::max(tick_at_or_after(timer.deadline_), now_tick_ + 1);
  // Beyond the last ring a timer waits in its farthest slot and is placed again from there.
  tick = std::min(tick, now_tick_ + (std::uint64_t{1} << (kBits * kRings)) - 1);
  // The ring is that of the highest digit in which the tick differs from now.
  int ring = (static_cast<int>(std::bit_width(tick ^ now_tick_)) - 1) / kBits;
  if (ring >= kRings) ring = kRings - 1;
  std::uint64_t slot = (tick >> (kBits * ring)) & (kSlots - 1);
  Ring& in = rings_[static_cast<std::size_t>(ring)];
  in.slots[slot].push_back(timer);
  in.occupied |= std::uint64_t{1} << slot;
}

void TimerWheel::cascade(int ring) {
  Ring& from = rings_[static_cast<std::size_t>(ring)];
  std::uint64_t slot = (now_tick_ >> (kBits * ring)) & (kSlots - 1);
  if (slot == 0 && ring + 1 < kRings) cascade(ring + 1);
  Link moving;
  moving.take_all(from.slots[slot]);
  from.occupied &= ~(std::uint64_t{1} << slot);
  while (!moving.empty()) {
    Timer& timer = of(*moving.front());
    timer.disarm();
    // Due exactly now: place() would put it one tick late.
    if (tick_at_or_after(timer.deadline_) <= now_tick_) {
      Ring& first = rings_[0];
      std::uint64_t here = now_tick_ & (kSlots - 1);
      first.slots[here].push_back(timer);
      first.occupied |= std::uint64_t{1} << here;
    } else {
      place(timer);
    }
  }
}

void TimerWheel::collect(Time now, Link& due) {
  if (now < start_) return;
  auto target = static_cast<std::uint64_t>((now - start_) / kTick);
  while (now_tick_ < target) {
    // Jump over empty stretches of the first ring, up to where it wraps.
    std::uint64_t position = now_tick_ & (kSlots - 1);
    std::uint64_t ahead = position + 1 < kSlots ? rings_[0].occupied >> (position + 1) : 0;
    std::uint64_t step =
        ahead != 0 ? static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1 : kSlots - position;
    if (now_tick_ + step > target) {
      now_tick_ = target;
      return;
    }
    now_tick_ += step;
    std::uint64_t slot = now_tick_ & (kSlots - 1);
    if (slot == 0) cascade(1);
    due.take_all(rings_[0].slots[slot]);
    rings_[0].occupied &= ~(std::uint64_t{1} << slot);
  }
}

Time TimerWheel::next_wake() const {
  for (int ring = 0; ring < kRings; ++ring) {
    const Ring& in = rings_[static_cast<std::size_t>(ring)];
    std::uint64_t position = (now_tick_ >> (kBits * ring)) & (kSlots - 1);
    while (in.occupied != 0) {
      // The next occupied slot after `position`, going round.
      std::uint64_t turned = std::rotr(in.occupied, static_cast<int>((position + 1) % kSlots));
      auto distance = static_cast<std::uint64_t>(std::countr_zero(turned)) + 1;
      std::uint64_t slot = (position + distance) & (kSlots - 1);
      if (in.slots[slot].empty()) {
        in.occupied &= ~(std::uint64_t{1} << slot);
        continue;
      }
      std::uint64_t unit = std::uint64_t{1} << (kBits * ring);
      std::uint64_t tick = (now_tick_ / unit + distance) * unit;
      return start_ + static_cast<std::int64_t>(tick) * kTick;
    }
  }
  return kNever;
}

}  // namespace signet::runtime
