#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace signet::crypto {

// True when both are the same bytes. The time taken depends on the lengths only, never on where
// they differ: every comparison of a secret goes through here.
bool equal_constant_time(std::span<const std::byte> a, std::span<const std::byte> b);
bool equal_constant_time(std::string_view a, std::string_view b);

// Overwrites the bytes in a way the compiler may not leave out.
void wipe(std::span<std::byte> bytes);
// Overwrites the text, its spare capacity included, and empties it.
void wipe(std::string& text);

}  // namespace signet::crypto
