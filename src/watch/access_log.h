#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"
#include "runtime/clock.h"
#include "watch/log_writer.h"
#include "watch/metrics.h"

namespace signet::watch {

// What is known of one exchange when it ends. Views need to last only for the call; empty ones and
// zero durations are written all the same, so that every line has the same fields.
struct AccessEntry {
  std::string_view who;  // a person, or "anonymous"
  std::string_view method;
  std::string_view path;   // normalised
  std::string_view query;  // normalised; of it only scope keys are written
  std::string_view app;
  std::string_view operation;
  std::string_view refusal;  // x-signet-refusal, "" when there was none
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view client;  // address
  std::string_view user_agent;
  int status = 0;              // 0: nothing was sent
  std::uint64_t bytes_in = 0;  // of bodies
  std::uint64_t bytes_out = 0;
  runtime::Duration queue{};
  runtime::Duration sign{};
  runtime::Duration origin{};
  runtime::Duration total{};
};

// Appends the entry as one line, "\n" included. Durations in microseconds, time as
// 2026-11-23T19:06:00.123456Z.
void append_access_line(std::string& out, const AccessEntry& entry, std::int64_t unix_micros,
                        config::LogFormat format);

// Appends "?a=b&c=d" with those parameters of a normalised query whose key names a scope
// (experiment_id, run_id, name, …); nothing when there is none. Values of others may be personal.
// At most kMaxLogField bytes.
void append_scope_query(std::string& out, std::string_view query);

// The access log of one loop. Taking a line costs no memory once the first lines were written.
class AccessLog {
 public:
  // All borrowed. No sink: nothing is logged. Lines that find no room are counted in `dropped`.
  AccessLog(LineSink* sink, const runtime::Clock& clock, config::LogFormat format, Shard& shard,
            Counter dropped)
      : sink_(sink), clock_(clock), format_(format), shard_(shard), dropped_(dropped) {}

  void record(const AccessEntry& entry);

 private:
  LineSink* sink_;
  const runtime::Clock& clock_;
  config::LogFormat format_;
  Shard& shard_;
  Counter dropped_;
  std::string line_;
};

}  // namespace signet::watch
