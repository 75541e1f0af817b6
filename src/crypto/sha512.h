#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace signet::crypto {

// SHA-384 and SHA-512 (FIPS 180-4) of one text.
std::array<std::byte, 48> sha384(std::string_view text);
std::array<std::byte, 64> sha512(std::string_view text);

}  // namespace signet::crypto
