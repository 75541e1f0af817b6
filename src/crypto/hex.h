#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/sha256.h"

namespace signet::crypto {

// Writes two lower-case hexadecimal digits per byte. `to` has room for 2 × bytes.size() characters.
void write_hex(std::span<const std::byte> bytes, char* to);

// The same as a value, for a digest: no allocation.
using HexDigest = std::array<char, 2 * kSha256Bytes>;
HexDigest hex(const Digest& digest);

// The same as a string.
std::string hex(std::span<const std::byte> bytes);

// The bytes that `text` spells, in either case; nothing when it has an odd length or another
// character.
std::optional<std::string> from_hex(std::string_view text);

inline std::string_view view(const HexDigest& digest) {
  return {digest.data(), digest.size()};
}

}  // namespace signet::crypto
