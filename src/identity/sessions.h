#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "identity/recent_sessions.h"
#include "identity/session_cookie.h"
#include "identity/sign_in_attempt.h"
#include "state/snapshot.h"

namespace signet::identity {

// The name of the header that repeats the CSRF cookie. MLflow's UI copies every cookie called
// "mlflow-request-header-<name>" into such a header by itself (reference: mlflow-http §2).
inline constexpr std::string_view kCsrfHeader = "x-signet-csrf";

// Whether a revocation of the store forbids the session.
bool is_revoked(const Session& session, const state::Snapshot& snapshot);

// The sessions that browsers bring to one loop. Belongs to that loop's thread.
class Sessions {
 public:
  // `config` has providers, session keys and a public URL; nothing is borrowed but `random`.
  Sessions(const config::Config& config, crypto::Random& random);

  const CookieNames& names() const { return names_; }
  AttemptSealer& attempts() { return attempts_; }

  // The session of a request's cookies that still holds at `now` (Unix seconds); null when there is
  // none. It ends with its provider's configuration. The error is why the cookies are no good, a
  // sentence for the operator.
  std::expected<std::shared_ptr<const Session>, std::string_view> open(
      const http::Fields& fields, const state::Snapshot& snapshot, std::int64_t now);

  // Whether the request repeats the CSRF token of the session, once.
  bool has_csrf_token(const http::Fields& fields, const Session& session) const;

  // Whether the session has been used long enough since `seen_at` for its cookie to be made anew.
  bool is_due(const Session& session, std::int64_t now) const;
  // Whether the provider should be asked again: also when it was asked in the future, by a clock
  // that has gone back since.
  bool wants_renewal(const Session& session, std::int64_t now) const;

  // Set-Cookie values, for the answer to a request with `fields`: parts of a larger session that it
  // brought are deleted. Empty when the session is too large for any browser.
  std::vector<std::string> set_cookies(const Session& session, const http::Fields& fields);
  // Those that delete the session's cookies.
  std::vector<std::string> clear_cookies() const;
  std::string attempt_cookie(const SignInAttempt& attempt);
  std::string delete_cookie(std::string_view name) const;

 private:
  bool is_configured(std::string_view provider) const;

  SessionSealer sealer_;
  RecentSessions recent_;
  AttemptSealer attempts_;
  CookieNames names_;
  std::int64_t idle_;
  std::int64_t lifetime_;
  std::int64_t refresh_;
  std::vector<std::string> providers_;
};

}  // namespace signet::identity
