#include "identity/id_token.h"

#include <algorithm>
#include <span>
#include <utility>

#include "crypto/base64.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "crypto/sha512.h"

namespace signet::identity {

namespace {

// RFC 5321 §4.5.3.1.3, less the angle brackets.
constexpr std::size_t kLongestEmail = 254;

std::unexpected<ProviderTokenFailure> failure(ProviderTokenError error, std::string_view detail) {
  return std::unexpected(ProviderTokenFailure{error, detail});
}

std::string first_half(std::span<const std::byte> digest) {
  return crypto::base64url({reinterpret_cast<const char*>(digest.data()), digest.size() / 2});
}

// Whether the claim, when it is there, is the half hash of `text`. Without the text it belongs to,
// nothing can be said of it.
bool hash_fits(const ProviderToken& token, std::string_view name, std::string_view text) {
  const auto hash = token.claims.text(name);
  if (!hash) return false;
  if (!*hash || text.empty()) return true;
  return crypto::equal_constant_time(**hash, half_hash(token.algorithm, text));
}

std::expected<void, ProviderTokenFailure> check_nonce(const Claims& claims,
                                                      const IdTokenRules& rules) {
  const auto nonce = claims.text("nonce");
  if (!nonce) return failure(ProviderTokenError::bad_claims, describe(nonce.error()));
  if (!rules.nonce) return {};
  if (!*nonce || rules.nonce->empty() || !crypto::equal_constant_time(**nonce, *rules.nonce)) {
    return failure(ProviderTokenError::wrong_nonce, "the ID token is not of this sign-in (nonce)");
  }
  return {};
}

std::expected<std::optional<std::int64_t>, ProviderTokenFailure> check_auth_time(
    const Claims& claims, const IdTokenRules& rules) {
  const auto time = claims.time("auth_time");
  if (!time) return failure(ProviderTokenError::bad_claims, describe(time.error()));
  if (*time && **time > rules.now + kProviderClockSkew) {
    return failure(ProviderTokenError::wrong_time, "the ID token's auth_time is in the future");
  }
  if (!rules.max_age) return *time;
  if (!*time) {
    return failure(ProviderTokenError::too_long_ago,
                   "the ID token has no auth_time, though max_age was asked for");
  }
  if (rules.now - kProviderClockSkew - **time > *rules.max_age) {
    return failure(ProviderTokenError::too_long_ago,
                   "the person proved who they are longer ago than max_age");
  }
  return *time;
}

}  // namespace

std::string half_hash(Algorithm algorithm, std::string_view text) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
    case Algorithm::es256: return first_half(crypto::Sha256::of(text));
    case Algorithm::rs384:
    case Algorithm::ps384:
    case Algorithm::es384: return first_half(crypto::sha384(text));
    case Algorithm::rs512:
    case Algorithm::ps512:
    case Algorithm::eddsa: return first_half(crypto::sha512(text));
  }
  return "";
}

std::expected<VerifiedIdToken, ProviderTokenFailure> check_id_token(std::string_view id_token,
                                                                    const KeySet& keys,
                                                                    const IdTokenRules& rules) {
  auto token = check_provider_token(
      id_token, keys, {rules.issuer, rules.client_id, rules.algorithms, rules.now}, {"JWT"});
  if (!token) return std::unexpected(token.error());
  const Claims& claims = token->claims;
  // Back-Channel Logout §2.4: with its event it is a logout token, whatever its type says.
  if (claims.find("events") != nullptr) {
    return failure(ProviderTokenError::wrong_type, "a token of events is no ID token");
  }
  if (const auto good = check_nonce(claims, rules); !good) return std::unexpected(good.error());
  if (!hash_fits(*token, "at_hash", rules.access_token) ||
      !hash_fits(*token, "c_hash", rules.code)) {
    return failure(ProviderTokenError::wrong_hash,
                   "the ID token was not issued with this code or access token");
  }
  auto subject = short_text(claims, "sub");
  if (!subject) return std::unexpected(subject.error());
  if (subject->empty()) {
    return failure(ProviderTokenError::no_subject, "the ID token names nobody (sub)");
  }
  if (!rules.subject.empty() && *subject != rules.subject) {
    return failure(ProviderTokenError::other_subject, "the new ID token is of somebody else");
  }
  auto session = short_text(claims, "sid");
  if (!session) return std::unexpected(session.error());
  const auto auth_time = check_auth_time(claims, rules);
  if (!auth_time) return std::unexpected(auth_time.error());
  return VerifiedIdToken{std::move(token->claims), std::move(*subject), std::move(*session),
                         *auth_time, token->expires_at};
}

std::optional<std::string> email_of(const Claims& claims, bool must_be_verified) {
  const auto email = claims.text("email");
  if (!email || !*email) return std::nullopt;
  const std::string_view text = **email;
  const std::size_t at = text.find('@');
  const bool plain = text.size() <= kLongestEmail &&
                     std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7E; });
  if (!plain || at == text.npos || at != text.rfind('@') || at == 0 || at + 1 == text.size()) {
    return std::nullopt;
  }
  if (must_be_verified) {
    const auto verified = claims.boolean("email_verified");
    if (!verified || !verified->value_or(false)) return std::nullopt;
  }
  return std::string(text);
}

}  // namespace signet::identity
