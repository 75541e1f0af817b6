#include <algorithm>

#include <fmt/format.h>

#include "config/load.h"
#include "config/load_parts.h"
#include "config/units.h"

namespace signet::config {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
// What an exchange takes at least: one block for its head.
constexpr std::uint64_t kExchangeBytes = 4 * kKiB;

// A default where there is only room for so many; 64 is the least that is of use.
std::uint32_t at_most(std::uint32_t usual, std::uint64_t room) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(room, 64, usual));
}

// Nobody counts requests yet, and a limit must not be ignored.
void load_rate(Section& limits, std::string_view key, std::uint32_t& target) {
  if (limits.rate(key, target) && target != 0) {
    limits.problem(key, "a rate is not supported by this version: write off or leave it out");
  }
}

// `lesser` may not be above `greater`; reported at whichever was given.
void in_order(Section& limits, std::string_view lesser, std::uint64_t lesser_value,
              std::string_view greater, std::uint64_t greater_value, bool sizes) {
  if (lesser_value <= greater_value) return;
  auto text = [&](std::uint64_t value) { return sizes ? size_text(value) : fmt::to_string(value); };
  std::string_view at = limits.has(greater) ? greater : lesser;
  limits.problem(at, fmt::format("{} ({}) cannot be over {} ({}): lower the one or raise the other",
                                 lesser, text(lesser_value), greater, text(greater_value)));
}

}  // namespace

void load_limits(Reader& reader, Section limits, Config& config) {
  Limits& values = config.limits;
  limits.size("header_bytes", values.header_bytes, kKiB, kMiB);
  limits.count("header_count", values.header_count, 8, 1024);
  limits.size("request_line", values.request_line, 256, kMiB);
  limits.size("body_bytes", values.body_bytes, 1, kGiB << 20);
  limits.size("inspect_bytes", values.inspect_bytes, kKiB, kGiB);
  limits.size("inspect_total", values.inspect_total, kKiB, kGiB << 10);
  limits.size("memory", values.memory, 16 * kMiB, kGiB << 10);
  bool connections = limits.count("connections", values.connections, 1, 1'000'000);
  bool per_address =
      limits.count("connections_per_address", values.connections_per_address, 1, 1'000'000);
  bool exchanges = limits.count("exchanges", values.exchanges, 1, 1'000'000);
  limits.count("origin_connections", values.origin_connections, 1, 100'000);
  load_rate(limits, "request_rate_per_person", values.request_rate_per_person);
  load_rate(limits, "request_rate_per_address", values.request_rate_per_address);
  limits.close();

  std::uint64_t files = reader.environment().max_open_files();
  if (!exchanges) values.exchanges = at_most(values.exchanges, files / 8);
  if (!connections) {
    std::uint64_t others = open_files_needed(config) - values.connections;
    values.connections = at_most(values.connections, files > others ? files - others : 0);
  }
  if (!per_address) {
    values.connections_per_address = std::min(values.connections_per_address, values.connections);
  }
  in_order(limits, "request_line", values.request_line, "header_bytes", values.header_bytes, true);
  in_order(limits, "inspect_bytes", values.inspect_bytes, "inspect_total", values.inspect_total,
           true);
  in_order(limits, "connections_per_address", values.connections_per_address, "connections",
           values.connections, false);
  if (values.exchanges * kExchangeBytes > values.memory) {
    limits.problem(limits.has("memory") ? "memory" : "exchanges",
                   fmt::format("{} exchanges take at least {}, more than memory ({}): lower the "
                               "one or raise the other",
                               values.exchanges, size_text(values.exchanges * kExchangeBytes),
                               size_text(values.memory)));
  }
  bool spools = std::ranges::any_of(config.apps, &App::is_signed);
  if (spools && config.spool.bytes < values.body_bytes) {
    reader.warning(
        limits.place_of("body_bytes"),
        fmt::format("limits.body_bytes ({}) is over spool.bytes ({}): the largest bodies "
                    "for signed apps will be answered with 503",
                    size_text(values.body_bytes), size_text(config.spool.bytes)));
  }
}

void load_timeouts(Section timeouts, Config& config) {
  Timeouts& values = config.timeouts;
  struct Key {
    std::string_view name;
    runtime::Duration& value;
    runtime::Duration least = milliseconds(10);
  };
  for (const Key& key : {Key{"tls", values.tls},
                         {"header", values.header},
                         {"body_stall", values.body_stall},
                         {"send_stall", values.send_stall},
                         {"idle", values.idle},
                         {"origin_connect", values.origin_connect},
                         {"origin_queue", values.origin_queue},
                         {"origin_response", values.origin_response},
                         {"origin_stall", values.origin_stall},
                         {"origin_idle", values.origin_idle},
                         {"dns", values.dns},
                         {"credentials", values.credentials},
                         {"drain", values.drain, milliseconds(0)}}) {
    timeouts.duration(key.name, key.value, key.least, hours(24));
  }
  timeouts.close();
}

}  // namespace signet::config
