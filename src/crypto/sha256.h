#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace signet::crypto {

inline constexpr std::size_t kSha256Bytes = 32;
inline constexpr std::size_t kSha256BlockBytes = 64;

using Digest = std::array<std::byte, kSha256Bytes>;

// SHA-256 (FIPS 180-4), fed in pieces. Reusable: after finish() it starts anew. A plain value
// without any allocation; a copy goes on from where the original stands. Not thread-safe.
class Sha256 {
 public:
  Sha256() { reset(); }

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  // The digest of everything since construction, reset() or the last finish().
  Digest finish();
  // Forgets what was fed.
  void reset();

  // The digest of one text.
  static Digest of(std::string_view text);

 private:
  // OpenSSL's SHA256_CTX, kept as bytes so that this header includes no <openssl/…>.
  alignas(8) std::array<std::byte, 112> state_;
};

}  // namespace signet::crypto
