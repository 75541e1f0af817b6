#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "crypto/base64.h"
#include "crypto/signing_key_for_tests.h"
#include "identity/jws.h"
#include "identity/key_set.h"

namespace signet::identity {

// header.payload of a token.
inline std::string signing_input(std::string_view header, std::string_view payload) {
  return crypto::base64url(header) + '.' + crypto::base64url(payload);
}

// A token whose signature is these bytes.
inline std::string token_with(std::string_view header, std::string_view payload,
                              std::string_view signature) {
  return signing_input(header, payload) + '.' + crypto::base64url(signature);
}

// A token that `key` signs with `algorithm`, whatever its header says.
inline std::string token(std::string_view header, std::string_view payload,
                         const crypto::SigningKey& key, Algorithm algorithm) {
  return token_with(header, payload, key.sign(algorithm, signing_input(header, payload)));
}

inline std::string key_set_json(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) {
    if (!text.ends_with('[')) text += ',';
    text += key;
  }
  return text + "]}";
}

inline KeySet key_set(std::initializer_list<std::string> keys) {
  return KeySet::parse(key_set_json(keys)).value();
}

// Keys that are made once per program.
inline const crypto::SigningKey& rsa_key() {
  static const crypto::SigningKey kKey = crypto::SigningKey::rsa();
  return kKey;
}
inline const crypto::SigningKey& other_rsa_key() {
  static const crypto::SigningKey kKey = crypto::SigningKey::rsa();
  return kKey;
}
inline const crypto::SigningKey& p256_key() {
  static const crypto::SigningKey kKey = crypto::SigningKey::elliptic("P-256");
  return kKey;
}

}  // namespace signet::identity
