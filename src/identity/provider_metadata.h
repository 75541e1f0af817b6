#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/url.h"
#include "http/fetch.h"
#include "identity/discovery.h"
#include "identity/jws.h"
#include "runtime/task.h"

namespace signet::identity {

// What a provider says of itself, as far as signing in there needs it (OpenID Connect Discovery 1.0
// §3, RP-Initiated Logout 1.0 §2.1, Back-Channel Logout 1.0 §2.1, RFC 8414 §2, RFC 9207 §3).
struct ProviderMetadata {
  ProviderMetadata() = default;
  std::string issuer;  // as in `iss`
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;     // "" when there is none
  std::string end_session_endpoint;  // "" when there is none
  // authorization_response_iss_parameter_supported: every callback names the issuer.
  bool callbacks_name_issuer = false;
  bool backchannel_logout = false;
  // What it signs ID tokens with, as far as Signet verifies it; never empty.
  AlgorithmSet id_token_algorithms;
  std::vector<std::string> code_challenge_methods;       // empty: it does not say
  std::vector<std::string> token_endpoint_auth_methods;  // empty: it does not say
};

// Reads a provider's metadata for signing in: parse_metadata's checks, and the same for all other
// addresses, which may be on other hosts than the issuer's (Cognito's are).
std::expected<ProviderMetadata, DiscoveryFailure> parse_provider_metadata(std::string_view json,
                                                                          std::string_view issuer,
                                                                          const config::Url& url);

// Fetches it, by `deadline`. What it is given must outlive the task.
runtime::Task<std::expected<ProviderMetadata, DiscoveryFailure>> fetch_provider_metadata(
    http::Fetcher& fetcher, const std::string& issuer, const config::Url& url,
    runtime::Time deadline);

}  // namespace signet::identity
