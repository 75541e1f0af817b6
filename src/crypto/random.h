#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace signet::crypto {

// Where random bytes come from; injected, so that tests know them. Safe to call from every thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

// OpenSSL's generator, which seeds itself from the kernel. Ends the process when there is no
// randomness to be had: keys and identifiers would be guessable.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

// `bytes` random bytes, as lower-case hexadecimal.
std::string random_hex(Random& random, std::size_t bytes);

}  // namespace signet::crypto
