#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signet::watch {

// Longest text of one field in a log, as escaped.
inline constexpr std::size_t kMaxLogField = 2048;

// Appends `text` as a JSON string, quotes included (RFC 8259 §7). Also escaped: DEL, the C1
// controls and U+2028/U+2029, which terminals and JavaScript act on; every maximal piece of invalid
// UTF-8 becomes \ufffd. What is appended is valid UTF-8 on one line.
void append_json_string(std::string& out, std::string_view text);

// The same, cut (at a character) so that at most `max_bytes` stand between the quotes; "…" marks
// the cut.
void append_json_string(std::string& out, std::string_view text, std::size_t max_bytes);

// The same without quotes, for log.format text.
void append_escaped(std::string& out, std::string_view text, std::size_t max_bytes);

// Appends `"name":` after a comma where one is needed (`out` does not end in "{").
void append_json_name(std::string& out, std::string_view name);

}  // namespace signet::watch
