#include "identity/provider_token.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "identity/verify.h"

namespace signet::identity {

namespace {

constexpr std::size_t kLongestText = 255;

std::unexpected<ProviderTokenFailure> failure(ProviderTokenError error, std::string_view detail) {
  return std::unexpected(ProviderTokenFailure{error, detail});
}

std::unexpected<ProviderTokenFailure> failure(JwsError error) {
  switch (error) {
    case JwsError::unknown_key: return failure(ProviderTokenError::unknown_key, describe(error));
    case JwsError::unfit_key:
    case JwsError::bad_signature:
      return failure(ProviderTokenError::bad_signature, describe(error));
    default: return failure(ProviderTokenError::unreadable, describe(error));
  }
}

ProviderTokenError kind_of(ClaimsError error) {
  switch (error) {
    case ClaimsError::malformed:
    case ClaimsError::duplicate_member:
    case ClaimsError::wrong_type:
    case ClaimsError::bad_time: return ProviderTokenError::bad_claims;
    case ClaimsError::no_expiry:
    case ClaimsError::expired:
    case ClaimsError::not_yet_valid:
    case ClaimsError::issued_in_future: return ProviderTokenError::wrong_time;
    case ClaimsError::wrong_issuer: return ProviderTokenError::wrong_issuer;
    case ClaimsError::wrong_audience:
    case ClaimsError::wrong_party: return ProviderTokenError::wrong_audience;
  }
  return ProviderTokenError::bad_claims;
}

std::unexpected<ProviderTokenFailure> failure(ClaimsError error) {
  return failure(kind_of(error), describe(error));
}

}  // namespace

std::string_view to_string(ProviderTokenError error) {
  switch (error) {
    case ProviderTokenError::unreadable: return "unreadable";
    case ProviderTokenError::unknown_key: return "unknown_key";
    case ProviderTokenError::bad_signature: return "bad_signature";
    case ProviderTokenError::wrong_type: return "wrong_type";
    case ProviderTokenError::bad_claims: return "bad_claims";
    case ProviderTokenError::wrong_issuer: return "wrong_issuer";
    case ProviderTokenError::wrong_audience: return "wrong_audience";
    case ProviderTokenError::wrong_time: return "wrong_time";
    case ProviderTokenError::wrong_nonce: return "wrong_nonce";
    case ProviderTokenError::wrong_hash: return "wrong_hash";
    case ProviderTokenError::no_subject: return "no_subject";
    case ProviderTokenError::other_subject: return "other_subject";
    case ProviderTokenError::too_long_ago: return "too_long_ago";
    case ProviderTokenError::no_event: return "no_event";
    case ProviderTokenError::no_token_id: return "no_token_id";
  }
  return "unknown";
}

std::expected<ProviderToken, ProviderTokenFailure> check_provider_token(
    std::string_view token, const KeySet& keys, const ProviderTokenRules& rules,
    std::initializer_list<std::string_view> types) {
  JwsLimits limits;
  limits.algorithms = rules.algorithms;
  const auto jws = parse_jws(token, limits);
  if (!jws) return failure(jws.error());
  const bool right_type = !jws->type || std::ranges::any_of(types, [&](std::string_view type) {
    return has_type(*jws, type);
  });
  if (!right_type) return failure(ProviderTokenError::wrong_type, "the token is for another end");
  if (const auto good = verify(*jws, keys, rules.algorithms); !good) return failure(good.error());
  auto claims = Claims::parse(jws->payload);
  if (!claims) return failure(claims.error());
  const std::vector<std::string> audiences{std::string(rules.client_id)};
  if (const auto good = claims->check({rules.issuer, audiences, rules.client_id}); !good) {
    return failure(good.error());
  }
  if (const auto good = claims->check_times(rules.now, kProviderClockSkew); !good) {
    return failure(good.error());
  }
  const std::optional<std::int64_t> issued_at = claims->time("iat").value_or(std::nullopt);
  if (!issued_at) {
    return failure(ProviderTokenError::wrong_time, "the token does not say when it was issued");
  }
  const std::optional<std::int64_t> expires_at = claims->time("exp").value_or(std::nullopt);
  return ProviderToken{std::move(*claims), jws->algorithm, *issued_at, expires_at.value_or(0)};
}

std::expected<std::string, ProviderTokenFailure> short_text(const Claims& claims,
                                                            std::string_view name) {
  const auto text = claims.text(name);
  if (!text) return failure(text.error());
  if (!*text) return std::string();
  const bool good = !(*text)->empty() && (*text)->size() <= kLongestText &&
                    std::ranges::none_of(**text, [](char c) {
                      const auto byte = static_cast<unsigned char>(c);
                      return byte < 0x20 || byte == 0x7F;
                    });
  if (!good) {
    return failure(ProviderTokenError::bad_claims,
                   "a name in the token is empty, too long, or has control characters");
  }
  return std::string(**text);
}

}  // namespace signet::identity
