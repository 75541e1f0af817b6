#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "crypto/random.h"
#include "http/fetch.h"
#include "identity/callback.h"
#include "identity/id_token.h"
#include "identity/key_book.h"
#include "identity/providers.h"
#include "identity/session.h"
#include "identity/sign_in_attempt.h"
#include "identity/token_response.h"
#include "runtime/clock.h"
#include "state/store.h"

namespace signet::identity {

// Why nobody is signed in. The names of to_string() are metric labels, and what the portal's page
// is told (`?error=`).
enum class SignInError : std::uint8_t {
  denied,            // the person or the provider does not want to
  unavailable,       // the provider or the store cannot be asked now: later, perhaps
  expired,           // the attempt is too old, of another browser, or was finished before
  not_allowed,       // known to the provider, but not who may come in here
  unverified_email,  // the provider has not verified the address that names the person
  failed             // anything else: the operator's log says what
};
std::string_view to_string(SignInError error);

struct SignInFailure {
  SignInError error = SignInError::failed;
  std::string detail;  // one sentence for the operator; holds nothing secret
  // `failed` by a key that is not known: it may be on its way.
  bool may_pass = false;
};

// The configuration that a piece of work began with: it goes on over a reload. With public_url.
using SharedConfig = std::shared_ptr<const config::Config>;

// What signing in, renewing and signing out share. Everything is borrowed and of the home loop.
struct SignInParts {
  runtime::EventLoop& home;
  http::Fetcher& fetcher;
  KeyBookView& keys;
  state::Store& store;
  crypto::Random& random;
  const runtime::Clock& clock;
  Providers& providers;
};

// The address a provider sends people back to: registered there, byte by byte.
std::string callback_address(const config::Config& config, std::string_view provider);

// Whom a verified ID token names, by the provider's rules.
std::expected<Person, SignInFailure> person_of_id_token(const Claims& claims,
                                                        const config::Provider& provider);

// A callback's error as people and logs are told of it.
SignInFailure failure_of(CallbackError error);

// What the provider knows this gateway by.
ClientRegistration registration_of(const config::Provider& provider);

// Waits for other keys of the issuer than `known` (null: none), by `deadline`. Also when they were
// asked for a moment ago, so that all who need them get them. Whether they came.
runtime::Task<bool> wait_for_keys(SignInParts& parts, std::string issuer,
                                  std::shared_ptr<const KeySet> known, runtime::Time deadline);

// Verifies an ID token; when it names a key that is not known, once more with the provider's newest
// keys. `wanted` lacks issuer, client and algorithms, and borrows for as long as the task runs.
runtime::Task<std::expected<VerifiedIdToken, SignInFailure>> verify_id_token(
    SignInParts& parts, const ProviderMetadata& metadata, const config::Provider& provider,
    const std::string& id_token, const IdTokenRules& wanted);

// OpenID Connect's authorization code flow (Core §3.1), as the relying party. On the home loop.
class SignIn {
 public:
  explicit SignIn(const SignInParts& parts) : parts_(parts) {}

  // Where a browser goes to sign in with this attempt.
  runtime::Task<std::expected<std::string, SignInFailure>> address(SharedConfig config,
                                                                   SignInAttempt attempt,
                                                                   SignInWishes wishes);
  // Finishes the attempt that a callback belongs to: exchanges the code, verifies the ID token,
  // finds the person, keeps the tokens. Always a new session, with an id of its own, that began
  // when the code was sent: a logout that comes meanwhile ends it too.
  runtime::Task<std::expected<Session, SignInFailure>> finish(SharedConfig config,
                                                              SignInAttempt attempt,
                                                              Callback callback);

 private:
  runtime::Task<std::expected<void, SignInFailure>> keep(SharedConfig config, Session& session,
                                                         Tokens tokens, bool for_sign_out);

  SignInParts parts_;
};

}  // namespace signet::identity
