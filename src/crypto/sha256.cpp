#include "crypto/sha256.h"

// EVP, which OpenSSL 3.0 would rather have us use, frees and allocates its state at every
// EVP_DigestInit: four allocations and 40 % more time per signature (measured). These functions run
// the same code on a state of ours. They cannot fail.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <new>

#include <openssl/sha.h>

namespace signet::crypto {

namespace {

SHA256_CTX* context_in(std::array<std::byte, 112>& state) {
  static_assert(sizeof(SHA256_CTX) == sizeof(state) && alignof(SHA256_CTX) <= 8);
  return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

void Sha256::reset() {
  auto* context = new (state_.data()) SHA256_CTX;
  SHA256_Init(context);
}

void Sha256::update(std::span<const std::byte> bytes) {
  SHA256_Update(context_in(state_), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), context_in(state_));
  reset();
  return digest;
}

Digest Sha256::of(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

}  // namespace signet::crypto
