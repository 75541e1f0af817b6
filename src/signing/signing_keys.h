#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hmac_sha256.h"
#include "signing/keys.h"

namespace signet::signing {

// The derived signing keys of one loop. Deriving takes four HMACs (about 1 us), so keys are kept by
// all that they derive from: access key id, secret, day, region and service. A rotated secret or
// session therefore never meets an old key, within a day too. Bounded: the least recently used of a
// key's neighbours makes room. Not thread-safe.
class SigningKeys {
 public:
  // `capacity` is rounded up to a multiple of the four neighbours that share a place.
  explicit SigningKeys(std::size_t capacity = 1024);
  SigningKeys(SigningKeys&&) = default;
  SigningKeys& operator=(SigningKeys&&) = default;
  ~SigningKeys();

  // Computes MACs under the key for `day` (YYYYMMDD); valid until the next call.
  const crypto::HmacSha256& key_for(const AccessKey& access_key, std::string_view day,
                                    std::string_view region, std::string_view service);

  // How many keys were derived so far.
  std::uint64_t derived() const { return derived_; }

 private:
  struct Entry {
    std::string access_key_id;
    std::string secret;
    std::string region;
    std::string service;
    std::array<char, 8> day{};
    std::optional<crypto::HmacSha256> key;
    std::uint64_t last_used = 0;
  };

  static constexpr std::size_t kNeighbours = 4;

  std::vector<Entry> entries_;
  std::uint64_t uses_ = 0;
  std::uint64_t derived_ = 0;
};

// Step 3 of Signature Version 4, first half: "derive the signing key".
crypto::Digest derive_signing_key(std::string_view secret, std::string_view day,
                                  std::string_view region, std::string_view service);

}  // namespace signet::signing
