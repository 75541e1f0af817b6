#include "identity/sessions.h"

#include <algorithm>

#include "http/cookies.h"
#include "identity/kept_tokens.h"
#include "identity/sign_out.h"

namespace signet::identity {

namespace {

constexpr std::int64_t kClockSkew = 60;

std::int64_t seconds(runtime::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::string_view describe(CookieProblem problem) {
  switch (problem) {
    case CookieProblem::repeated: return "a session cookie came more than once";
    case CookieProblem::gap: return "a part of the session cookie is missing";
    case CookieProblem::malformed: break;
  }
  return "the session cookie is malformed";
}

}  // namespace

bool is_revoked(const Session& session, const state::Snapshot& snapshot) {
  using Kind = state::RevocationKind;
  // Most gateways have none: then no text is made.
  if (snapshot.revocations() == 0) return false;
  if (snapshot.is_revoked(Kind::session, session_name(session.id), session.began_at)) {
    return true;
  }
  if (snapshot.is_revoked(Kind::person, session.person.id, session.began_at) ||
      snapshot.is_revoked(Kind::person, subject_key(session.provider, session.subject),
                          session.began_at)) {
    return true;
  }
  return !session.provider_session.empty() &&
         snapshot.is_revoked(Kind::provider_session,
                             provider_session_key(session.provider, session.provider_session),
                             session.began_at);
}

Sessions::Sessions(const config::Config& config, crypto::Random& random)
    : sealer_(key_texts(config.identity.session), config.public_url->authority(), random),
      attempts_(key_texts(config.identity.session), config.public_url->authority(), random),
      names_(config.public_url->https),
      idle_(seconds(config.identity.session.idle)),
      lifetime_(seconds(config.identity.session.lifetime)),
      refresh_(seconds(config.identity.session.refresh)) {
  for (const config::Provider& provider : config.identity.providers)
    providers_.push_back(provider.name);
}

bool Sessions::is_configured(std::string_view provider) const {
  return std::ranges::find(providers_, provider) != providers_.end();
}

std::expected<std::shared_ptr<const Session>, std::string_view> Sessions::open(
    const http::Fields& fields, const state::Snapshot& snapshot, std::int64_t now) {
  std::string joined;
  const auto sealed = collect_session(fields, names_, joined);
  if (!sealed) return std::unexpected(describe(sealed.error()));
  if (sealed->empty()) return nullptr;
  std::shared_ptr<const Session> session = recent_.find(*sealed);
  if (session == nullptr) {
    auto opened = sealer_.open(*sealed);
    if (!opened) {
      return std::unexpected("the session cookie was not made here, or with a key that is gone");
    }
    session = std::make_shared<const Session>(std::move(*opened));
    recent_.keep(*sealed, session);
  }
  switch (state_at(*session, now, idle_, lifetime_)) {
    case SessionEnd::lives: break;
    case SessionEnd::idle: return std::unexpected("the session was not used for too long");
    case SessionEnd::too_old: return std::unexpected("the session has reached its lifetime");
    case SessionEnd::from_the_future: return std::unexpected("the session begins in the future");
  }
  if (!is_configured(session->provider)) {
    return std::unexpected("the session's provider is no longer configured");
  }
  if (is_revoked(*session, snapshot)) return std::unexpected("the session is revoked");
  return session;
}

bool Sessions::has_csrf_token(const http::Fields& fields, const Session& session) const {
  const http::Field* found = nullptr;
  for (const http::Field& field : fields) {
    if (field.name != kCsrfHeader) continue;
    if (found != nullptr) return false;
    found = &field;
  }
  return found != nullptr && sealer_.is_csrf_token(session.id, found->value);
}

bool Sessions::is_due(const Session& session, std::int64_t now) const {
  return now - session.seen_at >= std::min<std::int64_t>(60, std::max<std::int64_t>(idle_ / 4, 1));
}

bool Sessions::wants_renewal(const Session& session, std::int64_t now) const {
  if (!session.can_refresh) return false;
  return now - session.vouched_at >= refresh_ || session.vouched_at > now + kClockSkew;
}

std::vector<std::string> Sessions::set_cookies(const Session& session, const http::Fields& fields) {
  const std::vector<std::string> parts = split_for_cookies(sealer_.seal(session));
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = i == 0 ? names_.session : names_.session + "-" + std::to_string(i);
    http::SetCookie cookie;
    cookie.name = name;
    cookie.value = parts[i];
    cookie.secure = names_.secure;
    texts.push_back(http::set_cookie_text(cookie));
  }
  if (texts.empty()) return texts;
  for (std::size_t i = parts.size(); i < kMostCookieParts; ++i) {
    const std::string left_over = names_.session + "-" + std::to_string(i);
    if (http::find_cookie(fields, left_over).count > 0) texts.push_back(delete_cookie(left_over));
  }
  const std::string token = sealer_.csrf_token(session.id);
  http::SetCookie csrf;
  csrf.name = names_.csrf;
  csrf.value = token;
  csrf.secure = names_.secure;
  csrf.http_only = false;
  texts.push_back(http::set_cookie_text(csrf));
  return texts;
}

std::string Sessions::delete_cookie(std::string_view name) const {
  http::SetCookie cookie;
  cookie.name = name;
  cookie.secure = names_.secure;
  cookie.max_age = 0;
  return http::set_cookie_text(cookie);
}

std::vector<std::string> Sessions::clear_cookies() const {
  std::vector<std::string> texts{delete_cookie(names_.session), delete_cookie(names_.csrf)};
  for (std::size_t i = 1; i < kMostCookieParts; ++i)
    texts.push_back(delete_cookie(names_.session + "-" + std::to_string(i)));
  return texts;
}

std::string Sessions::attempt_cookie(const SignInAttempt& attempt) {
  const std::string name = attempt_cookie_name(names_, attempt.state);
  const std::string value = attempts_.seal(attempt);
  http::SetCookie cookie;
  cookie.name = name;
  cookie.value = value;
  cookie.secure = names_.secure;
  cookie.max_age = kAttemptSeconds;
  return http::set_cookie_text(cookie);
}

}  // namespace signet::identity
