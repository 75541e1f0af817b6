#include "watch/log.h"

#include <string>

#include <fmt/format.h>

#include "watch/json_text.h"
#include "watch/log_time.h"

namespace signet::watch {

namespace {

void append_value(std::string& out, const LogField::Value& value, bool json) {
  auto to = std::back_inserter(out);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // In the text format a value with a blank is quoted too, so that fields stay apart.
    bool quote = json || text->empty() || text->find_first_of(" =\"") != std::string_view::npos;
    if (quote) {
      append_json_string(out, *text, kMaxLogField);
    } else {
      append_escaped(out, *text, kMaxLogField);
    }
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    fmt::format_to(to, "{}", *number);
  } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
    fmt::format_to(to, "{}", *count);
  } else {
    fmt::format_to(to, "{}", std::get<bool>(value));
  }
}

}  // namespace

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  std::string line;
  if (format_ == LogFormat::json) {
    line += "{\"time\":\"";
    append_time(line, clock_.unix_micros());
    line += "\",\"level\":\"";
    line += config::to_string(level);
    line += "\",\"event\":";
    append_json_string(line, event, kMaxLogField);
    for (const LogField& field : fields) {
      append_json_name(line, field.name);
      append_value(line, field.value, true);
    }
    line += "}\n";
  } else {
    append_time(line, clock_.unix_micros());
    fmt::format_to(std::back_inserter(line), " {} ", config::to_string(level));
    append_escaped(line, event, kMaxLogField);
    for (const LogField& field : fields) {
      line += ' ';
      append_escaped(line, field.name, kMaxLogField);
      line += '=';
      append_value(line, field.value, false);
    }
    line += '\n';
  }
  sink_.write(line);
}

}  // namespace signet::watch
