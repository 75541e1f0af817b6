#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>

#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/key_set.h"

namespace signet::identity {

// Why an ID token or a logout token is not believed. The names of to_string() are metric labels.
enum class ProviderTokenError : std::uint8_t {
  unreadable,   // no JWS of an allowed algorithm
  unknown_key,  // the provider may have a new key: fetch the set anew, once and not often
  bad_signature,
  wrong_type,  // `typ`: a token for another end
  bad_claims,  // claims that are not as they should be
  wrong_issuer,
  wrong_audience,  // `aud` or `azp`
  wrong_time,      // expired, not valid yet, or no `exp` or `iat`
  wrong_nonce,     // of another sign-in
  wrong_hash,      // `at_hash` or `c_hash`: beside another token
  no_subject,
  other_subject,  // a refresh brought another person
  too_long_ago,   // the person proved who they are earlier than was wanted
  no_event,       // a logout token without its event
  no_token_id     // a logout token without `jti`
};
// Lower case with underscores.
std::string_view to_string(ProviderTokenError error);

struct ProviderTokenFailure {
  ProviderTokenError error = ProviderTokenError::unreadable;
  std::string_view detail;  // one sentence for the operator; repeats nothing of the token
};

// Providers' clocks and ours differ by no more.
inline constexpr std::int64_t kProviderClockSkew = 60;

struct ProviderTokenRules {
  std::string_view issuer;
  std::string_view client_id;  // our name there: `aud`
  AlgorithmSet algorithms;     // of the provider's metadata
  std::int64_t now = 0;        // Unix seconds
};

struct ProviderToken {
  Claims claims;
  Algorithm algorithm;
  std::int64_t issued_at;
  std::int64_t expires_at;
};

// What ID tokens and logout tokens have in common: an allowed algorithm and a provider's key,
// `typ` one of `types` (or absent), `iss`, `aud`, `exp`, `iat` and `nbf`.
std::expected<ProviderToken, ProviderTokenFailure> check_provider_token(
    std::string_view token, const KeySet& keys, const ProviderTokenRules& rules,
    std::initializer_list<std::string_view> types);

// The claim of that name as a text of 1 to 255 printable bytes; "" when it is absent; nothing when
// it is anything else.
std::expected<std::string, ProviderTokenFailure> short_text(const Claims& claims,
                                                            std::string_view name);

}  // namespace signet::identity
