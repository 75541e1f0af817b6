#include "portal_api/user_code.h"

#include <array>

namespace signet::portal_api {

namespace {

constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kLongestTyped = 64;

}  // namespace

std::string new_user_code(crypto::Random& random) {
  // Bytes from here on would make the first letters likelier.
  constexpr std::size_t kFair = 256 / kLetters.size() * kLetters.size();
  std::string code;
  while (code.size() < kUserCodeLetters) {
    std::array<std::byte, kUserCodeLetters> bytes;
    random.fill(bytes);
    for (const std::byte byte : bytes) {
      const auto value = static_cast<std::size_t>(byte);
      if (value < kFair && code.size() < kUserCodeLetters)
        code += kLetters[value % kLetters.size()];
    }
  }
  return code;
}

std::optional<std::string> user_code_from(std::string_view typed) {
  if (typed.size() > kLongestTyped) return std::nullopt;
  std::string code;
  for (const char c : typed) {
    if (c == '-' || c == ' ') continue;
    const char letter = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (!kLetters.contains(letter)) return std::nullopt;
    code += letter;
  }
  if (code.size() != kUserCodeLetters) return std::nullopt;
  return code;
}

std::string shown(std::string_view code) {
  std::string text(code);
  return text.insert(kUserCodeLetters / 2, 1, '-');
}

}  // namespace signet::portal_api
