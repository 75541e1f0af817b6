#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/public_key.h"
#include "identity/jws.h"

namespace signet::identity {

inline constexpr std::size_t kMaxKeySetBytes = 1 << 20;
inline constexpr std::size_t kMaxKeys = 100;
inline constexpr std::size_t kMaxCandidates = 8;

enum class KeySetError : std::uint8_t {
  too_large,
  not_json,          // not a JSON object
  duplicate_member,  // at any depth
  too_complex,       // nested too deeply, or too many values
  no_keys,           // no array `keys`
  too_many_keys,
  no_usable_key  // every key was skipped, or there was none
};

// Lower case with underscores, e.g. "too_many_keys": a metric label.
std::string_view to_string(KeySetError error);
// One sentence for the operator. Repeats nothing of the set.
std::string_view describe(KeySetError error);

// One key of an issuer that signatures can be verified with.
struct VerificationKey {
  std::optional<std::string> id;       // `kid`
  std::optional<Algorithm> algorithm;  // `alg`: the only one it is for
  crypto::PublicKey key;
};

// The keys an issuer signs with (RFC 7517 §5). Immutable; safe to share between threads.
class KeySet {
 public:
  // Skips what Signet cannot or may not use: an unknown `kty`, `crv` or `alg`, symmetric keys,
  // private ones, a `use` other than "sig", `key_ops` without "verify", and numbers that
  // crypto::PublicKey refuses. One such key does not spoil the others (RFC 7517 §5).
  static std::expected<KeySet, KeySetError> parse(std::string_view json);
  explicit KeySet(std::vector<VerificationKey> keys) : keys_(std::move(keys)) {}

  // The keys that a token of this `kid` and `alg` may have been signed with, at most
  // kMaxCandidates: all whose name is `key_id` (issuers have been seen to use one twice), or with
  // no `key_id` all, as far as type and declared `alg` fit. Valid as long as the set lives.
  std::vector<const VerificationKey*> find(std::optional<std::string_view> key_id,
                                           Algorithm algorithm) const;
  // True when some key has this name, whatever it is for.
  bool has(std::string_view key_id) const;

  const std::vector<VerificationKey>& keys() const { return keys_; }
  // How many keys of the text were skipped.
  std::size_t skipped() const { return skipped_; }

 private:
  std::vector<VerificationKey> keys_;
  std::size_t skipped_ = 0;
};

}  // namespace signet::identity
