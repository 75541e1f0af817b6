#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "watch/access_log.h"
#include "watch/json_text.h"

// Whatever stands in a request, its log line is one line of valid JSON within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view half = text.substr(0, size / 2);
  signet::watch::AccessEntry entry;
  entry.path = half;
  entry.query = text.substr(size / 2);
  entry.user_agent = text;
  entry.who = half;
  for (auto format : {signet::config::LogFormat::json, signet::config::LogFormat::text}) {
    std::string line;
    signet::watch::append_access_line(line, entry, 0, format);
    if (line.find('\n') != line.size() - 1) __builtin_trap();
    for (char c : std::string_view(line).substr(0, line.size() - 1)) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) __builtin_trap();
    }
    if (line.size() > 6 * signet::watch::kMaxLogField) __builtin_trap();
    if (format == signet::config::LogFormat::json) {
      simdjson::dom::parser parser;
      if (parser.parse(line).error() != simdjson::SUCCESS) __builtin_trap();
    }
  }
  for (std::size_t most : {std::size_t{0}, std::size_t{3}, size / 2, size * 6}) {
    std::string out;
    signet::watch::append_escaped(out, text, most);
    if (out.size() > most) __builtin_trap();
  }
  return 0;
}
