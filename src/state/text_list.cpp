#include "state/text_list.h"

#include <charconv>

#include <fmt/format.h>

namespace signet::state {

std::string to_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    fmt::format_to(std::back_inserter(text), "{}:{},", name.size(), name);
  return text;
}

std::optional<std::vector<std::string>> names_from(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::size_t length = 0;
    const char* end = text.data() + text.size();
    auto [colon, error] = std::from_chars(text.data(), end, length);
    if (error != std::errc() || colon == end || *colon != ':') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(colon + 1 - text.data()));
    if (length >= text.size() || text[length] != ',') return std::nullopt;
    names.emplace_back(text.substr(0, length));
    text.remove_prefix(length + 1);
  }
  return names;
}

}  // namespace signet::state
