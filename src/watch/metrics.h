#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/clock.h"

namespace signet::watch {

// Handles of one series each: small numbers, copied freely, good for every Shard of their Registry.
struct Counter {
  std::uint32_t cell = 0;
};
struct Gauge {
  std::uint32_t cell = 0;
};
struct Histogram {
  std::uint32_t first_cell = 0;  // the sum in nanoseconds, then one cell per bucket
};

// Upper bounds of every histogram's buckets; a last one without bound follows.
inline constexpr std::array<runtime::Duration, 16> kBuckets{
    std::chrono::microseconds(50),  std::chrono::microseconds(100),
    std::chrono::microseconds(250), std::chrono::microseconds(500),
    std::chrono::milliseconds(1),   std::chrono::microseconds(2500),
    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
    std::chrono::milliseconds(25),  std::chrono::milliseconds(50),
    std::chrono::milliseconds(100), std::chrono::milliseconds(250),
    std::chrono::seconds(1),        std::chrono::milliseconds(2500),
    std::chrono::seconds(10),       std::chrono::seconds(60)};

using Labels = std::vector<std::pair<std::string, std::string>>;

// The cells of one thread. Only that thread writes (plain relaxed stores, no locked instruction);
// a scrape reads from another.
class Shard {
 public:
  void add(Counter counter, std::uint64_t by = 1) { bump(counter.cell, by); }
  // Gauges of all shards are summed; each thread moves its own share.
  void add(Gauge gauge, std::int64_t by) { bump(gauge.cell, static_cast<std::uint64_t>(by)); }
  void set(Gauge gauge, std::int64_t to) {
    cell(gauge.cell).store(static_cast<std::uint64_t>(to), std::memory_order_relaxed);
  }
  // A negative duration counts as zero.
  void observe(Histogram histogram, runtime::Duration duration);

 private:
  friend class Registry;
  static constexpr std::size_t kChunkBits = 9;
  static constexpr std::size_t kChunkCells = std::size_t{1} << kChunkBits;
  static constexpr std::size_t kChunks = 128;
  using Cell = std::atomic<std::uint64_t>;
  using Chunk = std::array<Cell, kChunkCells>;

  Cell& cell(std::uint32_t index) const {
    // Acquire: a handle may have been registered by another thread after this shard was made.
    Chunk* chunk = chunks_[index >> kChunkBits].load(std::memory_order_acquire);
    return (*chunk)[index & (kChunkCells - 1)];
  }
  void bump(std::uint32_t index, std::uint64_t by) {
    Cell& it = cell(index);
    it.store(it.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void grow_to(std::size_t cells);

  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::vector<std::unique_ptr<Chunk>> owned_;
};

// All metrics of the process. Registering takes a lock and may happen at any time (a reload may
// bring a new app); the same name and labels give the same handle again.
class Registry {
 public:
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // `name` by Prometheus' conventions: counters end in _total, histograms in _seconds. All series
  // of a name have one help text. Throws std::length_error past 65 536 cells.
  Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram histogram(std::string_view name, std::string_view help, const Labels& labels = {});

  // One for each thread that writes often; lives as long as the registry.
  Shard& add_shard();
  // For threads without a shard and for rare events; locks.
  void add(Counter counter, std::uint64_t by = 1);
  void add(Gauge gauge, std::int64_t by);
  void set(Gauge gauge, std::int64_t to);
  void observe(Histogram histogram, runtime::Duration duration);

  // Prometheus' text format 0.0.4 of the sums over all shards; from any thread.
  std::string text() const;
  // Of one series, for tests.
  std::uint64_t value(Counter counter) const;
  std::int64_t value(Gauge gauge) const;
  std::uint64_t count(Histogram histogram) const;

 private:
  enum class Type : std::uint8_t { counter, gauge, histogram };
  struct Series {
    std::string labels;  // rendered: a="b",c="d"
    std::uint32_t cell;
  };
  struct Family {
    std::string name;
    std::string help;
    Type type;
    std::vector<Series> series;
  };

  std::uint32_t add_series(Type type, std::string_view name, std::string_view help,
                           const Labels& labels);
  std::uint64_t sum(std::uint32_t cell) const;
  void append_series(std::string& out, const Family& family, const Series& series) const;

  mutable std::mutex mutex_;
  std::vector<Family> families_;
  std::vector<std::unique_ptr<Shard>> shards_;  // the first is written under the lock
  std::uint32_t cells_ = 0;
};

// The media type of Registry::text().
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace signet::watch
