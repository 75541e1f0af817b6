#pragma once

#include <atomic>
#include <cstdint>

namespace signet::origin {

// A number that one loop writes and any thread reads.
class Counter {
 public:
  void add(std::uint64_t by = 1) {
    // One writer: no read-modify-write needed.
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What happened between one loop and one origin. All grow, but the two gauges.
struct Stats {
  Counter requests;          // calls of send()
  Counter connects;          // connections made, TLS included
  Counter connect_failures;  // no address took the connection; failed look-ups included
  Counter tls_failures;
  Counter reuses;  // requests sent on a connection that had carried one before
  Counter retries;
  Counter waits;           // requests that queued for a connection
  Counter queue_timeouts;  // … and got none
  Counter resets;          // connections that ended before the answer, or inside it
  Counter bad_responses;
  Counter response_timeouts;
  Counter open_connections;  // gauge, idle ones and attempts included
  Counter idle_connections;  // gauge
};

}  // namespace signet::origin
