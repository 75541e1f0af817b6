#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "http/limits.h"
#include "runtime/clock.h"

namespace signet::front {

// What every connection of the front keeps to.
struct Settings {
  http::HeadLimits head;
  std::uint64_t body_bytes = std::uint64_t{5} << 30;
  // The loop's buffers in use, from where on no head grows beyond its first block.
  std::size_t memory = std::size_t{1} << 30;
  runtime::Duration header_timeout = std::chrono::seconds(10);      // first byte to end of head
  runtime::Duration body_stall_timeout = std::chrono::seconds(30);  // without a byte of the body
  runtime::Duration send_stall_timeout = std::chrono::seconds(60);  // without taking a byte of ours
  runtime::Duration idle_timeout = std::chrono::seconds(75);        // between requests
};

// What one loop's front has done; written by that loop, read by whoever scrapes.
struct Stats {
  using Counter = std::atomic<std::uint64_t>;
  Counter accepted{0};
  Counter open{0};
  Counter refused_over_limit{0};
  Counter closed_idle{0};
  Counter closed_slow_head{0};
  Counter closed_slow_body{0};
  Counter closed_stalled_send{0};
  Counter client_gone{0};
  Counter bytes_received{0};
  Counter bytes_sent{0};

  static void add(Counter& counter, std::uint64_t by = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
};

}  // namespace signet::front
