#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "crypto/secret.h"
#include "signing/keys.h"

namespace signet::credentials {

// A set of AWS keys, with what is known about it. Secret and token are wiped when it dies.
struct Keys {
  signing::AccessKey key;
  // Unix seconds; nothing: they do not say when they end.
  std::optional<std::int64_t> expires;
  // Go on using them past their end while no new ones are to be had, as the AWS SDKs do with keys
  // of instance metadata ("static stability").
  bool usable_when_expired = false;
  // Where they came from, for operators. Holds no secret.
  std::string origin;

  Keys() = default;
  Keys(Keys&&) noexcept = default;
  Keys& operator=(Keys&& other) noexcept {
    std::swap(key, other.key);
    std::swap(expires, other.expires);
    std::swap(usable_when_expired, other.usable_when_expired);
    std::swap(origin, other.origin);
    return *this;
  }
  ~Keys() {
    crypto::wipe(key.secret);
    crypto::wipe(key.token);
  }
};

// True when both would sign the same and end at the same time.
inline bool same_keys(const Keys& a, const Keys& b) {
  return a.key.id == b.key.id && crypto::equal_constant_time(a.key.secret, b.key.secret) &&
         crypto::equal_constant_time(a.key.token, b.key.token) && a.expires == b.expires;
}

}  // namespace signet::credentials
