#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signet::watch {

// W3C Trace Context (Recommendation, 23 November 2021), §3.2: version 00, or what is understood of
// a later one.
struct TraceParent {
  std::array<char, 32> trace_id{};   // lower-case hex, not all zero
  std::array<char, 16> parent_id{};  // the same
  std::uint8_t flags = 0;            // 0x01: sampled

  std::string_view trace() const { return {trace_id.data(), trace_id.size()}; }
  std::string_view parent() const { return {parent_id.data(), parent_id.size()}; }
};

// §3.2.2, §4.3: strict; anything else starts a new trace. `value` is without surrounding blanks.
std::optional<TraceParent> parse_traceparent(std::string_view value);

// The header's value, always version 00.
using TraceParentText = std::array<char, 55>;
TraceParentText traceparent_text(const TraceParent& trace);

// §3.3: whether a tracestate may be passed on: 1–32 members key=value of the lawful characters, at
// most 512 bytes. Otherwise it is dropped whole.
bool is_passable_tracestate(std::string_view value);

// Ids of one loop: SplitMix64 from an injected seed. Unique, not secret.
class IdGenerator {
 public:
  explicit IdGenerator(std::uint64_t seed) : state_(seed) {}

  // 128 bits as 32 lower-case hex digits.
  std::array<char, 32> request_id();
  // A new trace, not sampled unless `sampled`.
  TraceParent new_trace(bool sampled = false);
  // The same trace and flags (sampled only) with a parent id of ours.
  TraceParent child_of(const TraceParent& parent);

 private:
  std::uint64_t next();

  std::uint64_t state_;
};

}  // namespace signet::watch
