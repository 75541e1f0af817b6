#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace signet::crypto {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;

using AeadNonce = std::array<std::byte, kAeadNonceBytes>;

// AES-256-GCM (NIST SP 800-38D) under one key, whose schedule is computed once. Belongs to one
// thread at a time. A nonce may be used once with a key: random ones serve 2^32 messages (§8.3).
class Aead {
 public:
  explicit Aead(std::span<const std::byte, kAeadKeyBytes> key);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  // Ciphertext and tag, one after the other. `associated` is authenticated with them.
  std::string seal(const AeadNonce& nonce, std::string_view associated, std::string_view plain);
  // The inverse; nothing when anything differs from what was sealed.
  std::optional<std::string> open(const AeadNonce& nonce, std::string_view associated,
                                  std::string_view sealed);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace signet::crypto
