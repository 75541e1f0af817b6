#include "config/access.h"

#include <array>

namespace signet::config {

std::string_view to_string(Permission permission) {
  static constexpr std::array<std::string_view, kPermissions> kTexts{"NO_PERMISSIONS", "READ",
                                                                     "USE", "EDIT", "MANAGE"};
  return kTexts[static_cast<std::size_t>(permission)];
}

bool matches(std::string_view pattern, std::string_view name) {
  // Greedy with one place to go back to: the last star. Linear but for that, never exponential.
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  for (std::size_t i = 0; i < name.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      retry = i;
    } else if (at < pattern.size() && pattern[at] == name[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++retry;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*')
    ++at;
  return at == pattern.size();
}

std::string person_id(std::string_view text) {
  std::string id(text);
  if (!id.contains('@')) return id;
  for (char& c : id) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return id;
}

}  // namespace signet::config
