#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "identity/key_set.h"
#include "identity/provider_token.h"

namespace signet::identity {

inline constexpr std::int64_t kLogoutTokenSeconds = 5 * 60;

// Whose sessions end.
struct VerifiedLogout {
  std::string subject;  // `sub`, or ""
  std::string session;  // `sid`, or "": all sessions of the subject. One of the two is there.
  // `jti`: of an issuer, it may be taken once. Who remembers it until `forget_at` refuses replays.
  std::string token_id;
  std::int64_t forget_at = 0;  // Unix seconds
};

// Whether a logout token is the provider's, for us and fresh (OpenID Connect Back-Channel Logout
// 1.0 §2.4, §2.6). `typ` logout+jwt is only recommended there, and providers older than that send
// JWT or nothing: these are taken too, for the event and the absence of `nonce`, both required,
// tell it from an ID token. Any other type is refused.
std::expected<VerifiedLogout, ProviderTokenFailure> check_logout_token(
    std::string_view token, const KeySet& keys, const ProviderTokenRules& rules);

}  // namespace signet::identity
