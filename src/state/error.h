#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace signet::state {

// Why the store did not do what it was asked. Whatever the error, nothing was changed, except that
// after `unavailable` a change may have been made whose confirmation was lost.
enum class StoreError : std::uint8_t {
  unavailable,  // it cannot be reached, or has too much to do: try again later
  full,         // no room, on the disk or within a limit
  conflict,     // somebody else was first, or the name is taken
  not_found,
  corrupt,  // what is stored cannot be read
};

template <typename T>
using Outcome = std::expected<T, StoreError>;

constexpr std::string_view to_string(StoreError error) {
  switch (error) {
    case StoreError::unavailable: return "unavailable";
    case StoreError::full: return "full";
    case StoreError::conflict: return "conflict";
    case StoreError::not_found: return "not-found";
    case StoreError::corrupt: return "corrupt";
  }
  return "unavailable";
}

}  // namespace signet::state
