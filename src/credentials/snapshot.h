#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "credentials/failure.h"
#include "credentials/keys.h"

namespace signet::credentials {

// What a refresher tells every loop: the keys to use and until when, and what went wrong since.
struct Snapshot {
  Snapshot() = default;

  std::shared_ptr<const Keys> keys;  // null: none yet
  // Unix seconds; a little before the keys end.
  std::int64_t usable_until = std::numeric_limits<std::int64_t>::max();
  std::shared_ptr<const SourceFailure> failure;  // of the last attempt; null: it succeeded

  bool usable(std::int64_t unix_seconds) const {
    return keys && (unix_seconds < usable_until || keys->usable_when_expired);
  }
};

}  // namespace signet::credentials
