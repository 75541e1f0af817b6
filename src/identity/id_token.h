#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "identity/claims.h"
#include "identity/key_set.h"
#include "identity/provider_token.h"

namespace signet::identity {

struct IdTokenRules {
  std::string_view issuer;
  std::string_view client_id;
  AlgorithmSet algorithms;  // of the provider's metadata
  std::int64_t now = 0;     // Unix seconds
  // The attempt's. Nothing only for what a refresh brought, which need not have one (Core §12.2).
  std::optional<std::string_view> nonce;
  // Who it must be about: of a refresh, the session's subject. "" for a sign-in.
  std::string_view subject;
  std::optional<std::int64_t> max_age;  // what the authorization request asked for
  // What came with it, for `c_hash` and `at_hash`; "" when it did not.
  std::string_view code;
  std::string_view access_token;
};

struct VerifiedIdToken {
  Claims claims;
  std::string subject;                    // `sub`
  std::string session;                    // `sid`, "" when there is none
  std::optional<std::int64_t> auth_time;  // Unix seconds
  std::int64_t expires_at = 0;
};

// Whether an ID token is the provider's, for us, of this sign-in and in time (OpenID Connect Core
// §3.1.3.7, §3.1.3.8, §12.2). `typ` must be JWT or absent: a logout token or an access token of the
// same keys is none. `at_hash` and `c_hash` are compared wherever they are (§3.1.3.6, §3.3.2.11).
std::expected<VerifiedIdToken, ProviderTokenFailure> check_id_token(std::string_view id_token,
                                                                    const KeySet& keys,
                                                                    const IdTokenRules& rules);

// The half of a hash that binds an ID token to a code or an access token (Core §3.1.3.6), as
// base64url. Ed25519's is SHA-512's.
std::string half_hash(Algorithm algorithm, std::string_view text);

// The claim `email` (Core §5.1): printable ASCII without spaces, one "@" with something on either
// side, at most 254 bytes. With `must_be_verified` only when `email_verified` is true: whoever can
// type in an address of their own choice is not that person.
std::optional<std::string> email_of(const Claims& claims, bool must_be_verified);

}  // namespace signet::identity
