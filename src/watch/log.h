#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "config/config.h"
#include "runtime/clock.h"
#include "watch/log_writer.h"

namespace signet::watch {

using config::LogFormat;
using config::LogLevel;

// A name and a value of a log line; views need to last only for the call.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, bool>;
  std::string_view name;
  Value value;

  LogField(std::string_view key, std::string_view text) : name(key), value(text) {}
  LogField(std::string_view key, const char* text) : name(key), value(std::string_view(text)) {}
  LogField(std::string_view key, bool yes) : name(key), value(yes) {}
  template <std::signed_integral T>
  LogField(std::string_view key, T number) : name(key), value(std::int64_t{number}) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view key, T number) : name(key), value(std::uint64_t{number}) {}
};

// The operational log: one line per event, for operators. Usable from every thread; not for every
// request. Events are short and stable ("credentials-refresh-failed"); what varies is in the
// fields.
class Log {
 public:
  // Borrows sink and clock.
  Log(LineSink& sink, const runtime::Clock& clock, LogFormat format, LogLevel level)
      : sink_(sink), clock_(clock), format_(format), level_(level) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }

 private:
  LineSink& sink_;
  const runtime::Clock& clock_;
  const LogFormat format_;
  std::atomic<LogLevel> level_;
};

}  // namespace signet::watch
