#include "crypto/random.h"

#include <algorithm>
#include <climits>
#include <cstdlib>

#include <openssl/rand.h>

#include "crypto/hex.h"

namespace signet::crypto {

void SystemRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::span<std::byte> piece = bytes.first(std::min<std::size_t>(bytes.size(), INT_MAX));
    auto* to = reinterpret_cast<unsigned char*>(piece.data());
    if (RAND_bytes(to, static_cast<int>(piece.size())) != 1) std::abort();
    bytes = bytes.subspan(piece.size());
  }
}

std::string random_hex(Random& random, std::size_t bytes) {
  std::string drawn(bytes, '\0');
  random.fill(std::as_writable_bytes(std::span(drawn)));
  return hex(std::as_bytes(std::span(drawn)));
}

}  // namespace signet::crypto
