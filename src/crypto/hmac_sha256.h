#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/sha256.h"

namespace signet::crypto {

// HMAC-SHA-256 (RFC 2104) under one key. The key's two blocks are hashed once, here: each MAC then
// goes on from copies of those states. A plain value without any allocation, wiped when it goes.
class HmacSha256 {
 public:
  explicit HmacSha256(std::span<const std::byte> key);
  explicit HmacSha256(std::string_view key) : HmacSha256(std::as_bytes(std::span(key))) {}
  HmacSha256(const HmacSha256&) = default;
  HmacSha256& operator=(const HmacSha256&) = default;
  ~HmacSha256();

  Digest of(std::string_view text) const;

 private:
  Sha256 inner_;
  Sha256 outer_;
};

}  // namespace signet::crypto
