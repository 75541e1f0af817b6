#pragma once

#include <algorithm>
#include <cstddef>

#include "runtime/clock.h"

namespace signet::identity {

// Lets so many through at once, and then one each time.
class TokenBucket {
 public:
  TokenBucket(std::size_t burst, runtime::Duration each, runtime::Time now)
      : burst_(burst), each_(each), left_(burst), counted_(now) {}

  // Whether one more may pass at `now`, which never goes back.
  bool take(runtime::Time now) {
    const auto come = (now - counted_) / each_;
    left_ = std::min(burst_, left_ + static_cast<std::size_t>(come));
    counted_ += each_ * come;
    // What cannot be saved up does not count either.
    if (left_ == burst_) counted_ = now;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::size_t burst_;
  runtime::Duration each_;
  std::size_t left_;
  runtime::Time counted_;
};

}  // namespace signet::identity
