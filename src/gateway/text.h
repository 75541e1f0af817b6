#pragma once

#include <cstring>
#include <initializer_list>
#include <string_view>

#include "runtime/arena.h"

namespace signet::gateway {

// The parts one after another, in the arena.
inline std::string_view concat(runtime::Arena& arena,
                               std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts)
    size += part.size();
  char* memory = arena.make_array<char>(size);
  char* to = memory;
  for (std::string_view part : parts) {
    if (part.empty()) continue;
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return {memory, size};
}

}  // namespace signet::gateway
