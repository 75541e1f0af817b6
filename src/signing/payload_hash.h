#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "crypto/hex.h"
#include "crypto/sha256.h"
#include "signing/how_to_sign.h"

namespace signet::signing {

// SHA-256 of nothing: the payload hash of a request without a body.
inline constexpr std::string_view kEmptyPayload =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kStreamedPayload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

// Hashes a body while it arrives. Reusable: after finish() it starts anew.
class PayloadHash {
 public:
  void update(std::span<const std::byte> bytes) { sha256_.update(bytes); }
  void update(std::string_view bytes) { sha256_.update(bytes); }
  // What Signable wants: lower-case hexadecimal.
  crypto::HexDigest finish() { return crypto::hex(sha256_.finish()); }
  // Forgets what was fed.
  void reset() { sha256_.reset(); }

 private:
  crypto::Sha256 sha256_;
};

// What stands for a body whose hash is `hash`, by the origin's way of signing.
inline std::string_view payload_text(PayloadSigning payload, std::string_view hash) {
  switch (payload) {
    case PayloadSigning::kHashed: return hash;
    case PayloadSigning::kUnsigned: return kUnsignedPayload;
    case PayloadSigning::kStreamed: return kStreamedPayload;
  }
  return hash;
}

}  // namespace signet::signing
