#include "identity/sealer.h"

#include <cstring>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/hmac_sha256.h"

namespace signet::identity {

namespace {

constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kPrefixBytes = kKeyIdBytes + crypto::kAeadNonceBytes;

}  // namespace

crypto::Digest derived_key(std::string_view secret, std::string_view end) {
  return crypto::HmacSha256(secret).of(end);
}

Sealer::Key::Key(std::string_view secret, std::string_view purpose)
    : aead(derived_key(secret, fmt::format("signet {} seal 1", purpose))) {
  const crypto::Digest name = derived_key(secret, fmt::format("signet {} key id 1", purpose));
  std::memcpy(id.data(), name.data(), id.size());
}

Sealer::Sealer(std::span<const std::string> keys, std::string_view purpose,
               std::string_view binding, crypto::Random& random)
    : associated_(fmt::format("signet {} 1\n{}", purpose, binding)), random_(random) {
  for (const std::string& secret : keys)
    keys_.emplace_back(secret, purpose);
}

std::string Sealer::seal(std::string_view plain) {
  Key& key = keys_.front();
  crypto::AeadNonce nonce;
  random_.fill(nonce);
  std::string bytes(key.id.data(), key.id.size());
  bytes.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  bytes += key.aead.seal(nonce, associated_, plain);
  return crypto::base64url(bytes);
}

std::optional<std::string> Sealer::open(std::string_view text) {
  const auto bytes = crypto::from_base64url(text);
  if (!bytes || bytes->size() < kPrefixBytes) return std::nullopt;
  const std::string_view id = std::string_view(*bytes).substr(0, kKeyIdBytes);
  crypto::AeadNonce nonce;
  std::memcpy(nonce.data(), bytes->data() + kKeyIdBytes, nonce.size());
  for (Key& key : keys_) {
    if (id != std::string_view(key.id.data(), key.id.size())) continue;
    auto plain = key.aead.open(nonce, associated_, std::string_view(*bytes).substr(kPrefixBytes));
    if (plain) return plain;
  }
  return std::nullopt;
}

}  // namespace signet::identity
