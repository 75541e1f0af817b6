#include "signing/percent_encoding.h"

#include <cstdint>

namespace signet::signing {

namespace {

constexpr KeptBytes unreserved_and_slash() {
  KeptBytes kept{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-._~/")) {
    kept[static_cast<std::uint8_t>(c)] = true;
  }
  return kept;
}

constexpr KeptBytes visible_ascii() {
  KeptBytes kept{};
  for (std::size_t c = 0x21; c <= 0x7E; ++c)
    kept[c] = true;
  return kept;
}

}  // namespace

constexpr KeptBytes kUnreservedAndSlash = unreserved_and_slash();
constexpr KeptBytes kVisibleAscii = visible_ascii();

void append_percent_encoded(std::string& to, std::string_view text, const KeptBytes& kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (kept[byte]) continue;
    to.append(text, copied, i - copied);
    const std::array<char, 3> escape{'%', kDigits[byte >> 4], kDigits[byte & 15]};
    to.append(escape.data(), escape.size());
    copied = i + 1;
  }
  to.append(text, copied);
}

}  // namespace signet::signing
