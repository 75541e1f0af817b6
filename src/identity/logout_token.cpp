#include "identity/logout_token.h"

#include <algorithm>
#include <utility>

namespace signet::identity {

namespace {

constexpr std::string_view kEvent = "http://schemas.openid.net/event/backchannel-logout";

std::unexpected<ProviderTokenFailure> failure(ProviderTokenError error, std::string_view detail) {
  return std::unexpected(ProviderTokenFailure{error, detail});
}

bool has_event(const Claims& claims) {
  const JsonValue* events = claims.find("events");
  const auto* object = events == nullptr ? nullptr : events->as<JsonObject>();
  const JsonValue* event = object == nullptr ? nullptr : object->find(kEvent);
  return event != nullptr && event->as<JsonObject>() != nullptr;
}

}  // namespace

std::expected<VerifiedLogout, ProviderTokenFailure> check_logout_token(
    std::string_view token, const KeySet& keys, const ProviderTokenRules& rules) {
  const auto checked = check_provider_token(token, keys, rules, {"logout+jwt", "JWT"});
  if (!checked) return std::unexpected(checked.error());
  const Claims& claims = checked->claims;
  if (!has_event(claims)) {
    return failure(ProviderTokenError::no_event, "the token does not tell of a logout (events)");
  }
  if (claims.find("nonce") != nullptr) {
    return failure(ProviderTokenError::wrong_type, "a token with a nonce is no logout token");
  }
  const std::int64_t stale_at = checked->issued_at + kLogoutTokenSeconds + kProviderClockSkew;
  if (stale_at < rules.now) {
    return failure(ProviderTokenError::wrong_time, "the logout token was issued too long ago");
  }
  auto subject = short_text(claims, "sub");
  if (!subject) return std::unexpected(subject.error());
  auto session = short_text(claims, "sid");
  if (!session) return std::unexpected(session.error());
  if (subject->empty() && session->empty()) {
    return failure(ProviderTokenError::no_subject, "the logout token names nobody (sub, sid)");
  }
  auto token_id = short_text(claims, "jti");
  if (!token_id) return std::unexpected(token_id.error());
  if (token_id->empty()) {
    return failure(ProviderTokenError::no_token_id, "the logout token has no jti");
  }
  VerifiedLogout logout;
  logout.subject = std::move(*subject);
  logout.session = std::move(*session);
  logout.token_id = std::move(*token_id);
  logout.forget_at = std::min(stale_at, checked->expires_at + kProviderClockSkew) + 1;
  return logout;
}

}  // namespace signet::identity
