#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/random.h"
#include "http/fields.h"
#include "identity/provider_metadata.h"
#include "identity/sealer.h"
#include "identity/session_cookie.h"

namespace signet::identity {

inline constexpr std::int64_t kAttemptSeconds = 15 * 60;
// A browser with more pages that want sign-in at once loses the oldest attempt.
inline constexpr std::size_t kMostAttempts = 5;

// One sign-in that a browser has begun at a provider. Times are Unix seconds.
struct SignInAttempt {
  SignInAttempt() = default;
  std::string state;     // 32 random bytes as base64url (OpenID Connect Core §3.1.2.1, RFC 6749
                         // §10.12): ties the callback to this browser
  std::string nonce;     // the same, ties the ID token to this attempt
  std::string verifier;  // the same, of PKCE: 43 characters (RFC 7636 §4.1)
  std::string provider;  // the configuration's name
  std::string return_path;
  std::int64_t begun_at = 0;
  std::optional<std::int64_t> max_age;  // seconds since the last proof that is wanted
  bool operator==(const SignInAttempt&) const = default;
};

// A new attempt. `return_path` is safe_return_path()'s.
SignInAttempt begin_attempt(crypto::Random& random, std::string_view provider,
                            std::string_view return_path, std::int64_t now,
                            std::optional<std::int64_t> max_age = std::nullopt);

// Seals attempts into cookie values and opens them, with keys of its own: an attempt never opens as
// a session, nor the other way round. Belongs to one thread.
class AttemptSealer {
 public:
  // As SessionSealer's.
  AttemptSealer(std::span<const std::string> keys, std::string_view binding,
                crypto::Random& random);
  std::string seal(const SignInAttempt& attempt);
  std::optional<SignInAttempt> open(std::string_view text);

 private:
  Sealer sealer_;
};

// What the cookie of the attempt with this state is called.
std::string attempt_cookie_name(const CookieNames& names, std::string_view state);

enum class AttemptProblem : std::uint8_t {
  none,      // no such cookie: another browser, or one that waited too long
  repeated,  // two of one name: one of them is somebody else's
  not_ours   // not sealed here, or of another state
};
// For the operator, one sentence.
std::string_view describe(AttemptProblem problem);

// The attempt that a callback's `state` belongs to, from the request's cookies. States are compared
// in constant time.
std::expected<SignInAttempt, AttemptProblem> find_attempt(const http::Fields& fields,
                                                          const CookieNames& names,
                                                          std::string_view state,
                                                          AttemptSealer& sealer);

// Names of the request's attempt cookies to delete before another is set, so that no more than
// kMostAttempts remain with it: what is not ours or too old, then the oldest. At most 50 at once.
std::vector<std::string> attempts_to_drop(const http::Fields& fields, const CookieNames& names,
                                          AttemptSealer& sealer, std::int64_t now);

struct SignInWishes {
  SignInWishes() = default;
  std::string prompt;      // "none", "login", …; "" leaves it to the provider
  std::string login_hint;  // "" gives none
};

// Where the browser is sent: the provider's authorization endpoint with the request for a code
// (Core §3.1.2.1) and PKCE's S256 challenge (RFC 7636 §4.2-4.3).
std::string authorization_url(const ProviderMetadata& metadata, std::string_view client_id,
                              std::string_view redirect_uri, std::span<const std::string> scopes,
                              const SignInAttempt& attempt, const SignInWishes& wishes = {});

}  // namespace signet::identity
