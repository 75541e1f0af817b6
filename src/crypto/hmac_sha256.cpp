#include "crypto/hmac_sha256.h"

#include <algorithm>
#include <array>

#include "crypto/secret.h"

namespace signet::crypto {

HmacSha256::HmacSha256(std::span<const std::byte> key) {
  constexpr std::byte kInnerPad{0x36};
  constexpr std::byte kOuterPad{0x5c};

  std::array<std::byte, kSha256BlockBytes> block{};
  if (key.size() > block.size()) {
    inner_.update(key);
    std::ranges::copy(inner_.finish(), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  for (std::byte& byte : block)
    byte ^= kInnerPad;
  inner_.update(block);
  for (std::byte& byte : block)
    byte ^= kInnerPad ^ kOuterPad;
  outer_.update(block);
  wipe(block);
}

HmacSha256::~HmacSha256() {
  wipe(std::as_writable_bytes(std::span(&inner_, 1)));
  wipe(std::as_writable_bytes(std::span(&outer_, 1)));
}

Digest HmacSha256::of(std::string_view text) const {
  Sha256 inner = inner_;
  inner.update(text);
  const Digest inner_digest = inner.finish();
  Sha256 outer = outer_;
  outer.update(inner_digest);
  return outer.finish();
}

}  // namespace signet::crypto
