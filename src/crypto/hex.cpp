#include "crypto/hex.h"

#include <cstdint>
#include <cstring>

namespace signet::crypto {

namespace {

// The two digits of every byte: one copy per byte instead of two look-ups.
constexpr std::array<std::array<char, 2>, 256> pairs_of_digits() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t value = 0; value < pairs.size(); ++value) {
    pairs[value] = {kDigits[value >> 4], kDigits[value & 15]};
  }
  return pairs;
}

constexpr std::array<std::array<char, 2>, 256> kPairs = pairs_of_digits();

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

void write_hex(std::span<const std::byte> bytes, char* to) {
  for (const std::byte byte : bytes) {
    std::memcpy(to, kPairs[std::to_integer<std::uint8_t>(byte)].data(), 2);
    to += 2;
  }
}

HexDigest hex(const Digest& digest) {
  HexDigest text;
  write_hex(digest, text.data());
  return text;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text(2 * bytes.size(), '\0');
  write_hex(bytes, text.data());
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = value_of(text[i]);
    const int low = value_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

}  // namespace signet::crypto
