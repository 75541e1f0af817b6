#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>

#include "identity/sign_in.h"

namespace signet::identity {

// Ends sessions, everywhere within the store's five seconds. On the home loop.
class SignOut {
 public:
  explicit SignOut(const SignInParts& parts) : parts_(parts) {}

  // Ends this session and forgets its tokens. Gives where the browser goes next: the provider's
  // end_session_endpoint (RP-Initiated Logout 1.0 §2; Cognito has its own form), which leads back
  // to /app/signed-out, or that page itself. Fails when the store did not take the revocation.
  runtime::Task<std::expected<std::string, SignInFailure>> end(SharedConfig config,
                                                               Session session);

  // What a provider says with a logout token (Back-Channel Logout 1.0 §2.5): ends the sessions it
  // names. Gives who, for the audit log. A token that comes twice ends nothing twice.
  runtime::Task<std::expected<std::string, SignInFailure>> back_channel(SharedConfig config,
                                                                        std::string provider,
                                                                        std::string logout_token);

 private:
  SignInParts parts_;
  // Logout tokens that were obeyed, until when they are valid: Unix seconds.
  std::map<std::string, std::int64_t> done_;
};

// The keys of revocations that a session must meet none of.
std::string provider_session_key(std::string_view provider, std::string_view provider_session);
// Of everybody who is this subject there; begins with a character that no person's id has.
std::string subject_key(std::string_view provider, std::string_view subject);

}  // namespace signet::identity
