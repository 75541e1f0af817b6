#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/aead.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

namespace signet::identity {

// Keys for different ends from one secret: what one is seen to do says nothing of the others
// (NIST SP 800-108 in its simplest form, one block of HMAC each).
crypto::Digest derived_key(std::string_view secret, std::string_view end);

// Seals texts that a browser keeps for us. Belongs to one thread. The first key seals, every key
// opens, so that a new key loses nobody anything.
class Sealer {
 public:
  // `keys`: secrets of at least 32 bytes, at least one. `purpose` ("session") has its own derived
  // keys: what was sealed for one is nothing for another. `binding` is authenticated with every
  // text, so that one gateway's is worth nothing at another with the same keys.
  Sealer(std::span<const std::string> keys, std::string_view purpose, std::string_view binding,
         crypto::Random& random);

  // Text for a cookie: base64url (RFC 4648 §5).
  std::string seal(std::string_view plain);
  // Nothing for whatever no seal() of these keys, purpose and binding has made.
  std::optional<std::string> open(std::string_view text);

 private:
  struct Key {
    Key(std::string_view secret, std::string_view purpose);
    std::array<char, 4> id;
    crypto::Aead aead;
  };

  std::vector<Key> keys_;
  std::string associated_;
  crypto::Random& random_;
};

}  // namespace signet::identity
