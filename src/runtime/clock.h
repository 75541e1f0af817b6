#pragma once

#include <chrono>
#include <cstdint>

namespace signet::runtime {

// Deadlines are absolute points of the monotonic clock and are combined by std::min.
using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;
inline constexpr Time kNever = Time::max();

// Source of both clocks; injected so that tests own time. Safe to call from every thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time monotonic() const = 0;
  // Microseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t unix_micros() const = 0;
  std::int64_t unix_seconds() const { return unix_micros() / 1'000'000; }
};

class SystemClock final : public Clock {
 public:
  Time monotonic() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  std::int64_t unix_micros() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

// A clock that stands still until it is advanced. Single-threaded.
class ManualClock final : public Clock {
 public:
  Time monotonic() const override { return now_; }
  std::int64_t unix_micros() const override { return unix_micros_; }
  void advance(Duration by) {
    now_ += by;
    unix_micros_ += std::chrono::duration_cast<std::chrono::microseconds>(by).count();
  }
  void set_unix_seconds(std::int64_t seconds) { unix_micros_ = seconds * 1'000'000; }

 private:
  Time now_{std::chrono::hours(1)};
  std::int64_t unix_micros_ = 1'440'938'160'000'000;  // 2015-08-30T12:36:00Z
};

// `delay` after `start`, without overflow.
constexpr Time after(Time start, Duration delay) {
  return delay >= kNever - start ? kNever : start + delay;
}

}  // namespace signet::runtime
