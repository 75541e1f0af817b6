#pragma once

#include <cstddef>
#include <span>

#include "crypto/random.h"

namespace signet::identity {

// 0, 1, 2, … : every nonce is another one.
class CountingRandom final : public crypto::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(next_++);
  }

 private:
  unsigned next_ = 0;
};

}  // namespace signet::identity
