#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/fetch.h"
#include "identity/provider_metadata.h"
#include "runtime/task.h"

namespace signet::identity {

// What a provider knows this gateway by.
struct ClientRegistration {
  ClientRegistration() = default;
  std::string id;
  std::string secret;  // "": a public client, which proves itself by PKCE alone
};

// Why there are no tokens. The names of to_string() are metric labels.
enum class TokenError : std::uint8_t {
  no_authentication,  // the provider takes no client secret in a way that we send one
  unreachable,
  timed_out,
  unavailable,    // 429 or 5xx: later, perhaps
  invalid_grant,  // the code or the refresh token is not good (any more)
  refused,        // another error of RFC 6749 §5.2: our registration or the request is wrong
  bad_status,     // neither 200 nor an error that RFC 6749 has
  malformed,      // not what RFC 6749 §5.1 says
  not_bearer,     // another token_type
  no_id_token
};
std::string_view to_string(TokenError error);
// Whether the same request may work later. Only then is a refresh worth another try.
bool is_temporary(TokenError error);

struct TokenFailure {
  TokenError error = TokenError::malformed;
  std::string detail;  // one sentence for the operator; holds nothing of request or answer
};

enum class ClientAuthentication : std::uint8_t { none, basic, post };
// How the client proves itself (Core §9): none without a secret; else client_secret_basic, the
// default, unless the metadata has client_secret_post only. Nothing when it has neither.
std::optional<ClientAuthentication> client_authentication(const ProviderMetadata& metadata,
                                                          const ClientRegistration& client);

// The request that exchanges a code (RFC 6749 §4.1.3, RFC 7636 §4.5). `redirect_uri` is the one
// of the authorization request.
std::expected<http::FetchRequest, TokenFailure> code_request(const ProviderMetadata& metadata,
                                                             const ClientRegistration& client,
                                                             std::string_view code,
                                                             std::string_view redirect_uri,
                                                             std::string_view verifier);
// The request for new tokens (RFC 6749 §6), of the same scopes.
std::expected<http::FetchRequest, TokenFailure> refresh_request(const ProviderMetadata& metadata,
                                                                const ClientRegistration& client,
                                                                std::string_view refresh_token);

enum class Grant : std::uint8_t { code, refresh };

// Secrets, all of them.
struct Tokens {
  Tokens() = default;
  std::string access_token;
  std::string id_token;       // "" when a refresh brought none
  std::string refresh_token;  // "" when there is none: of a refresh, the old one goes on
  std::optional<std::int64_t> expires_in;
};

// Reads the answer (RFC 6749 §5.1-5.2, Core §3.1.3.3, §12.2). A code must bring an ID token.
std::expected<Tokens, TokenFailure> parse_token_answer(const http::FetchAnswer& answer,
                                                       Grant grant);

// Sends one of the requests above and reads the answer. After `unreachable` and `timed_out` it may
// have been carried out all the same: then a code, or a refresh token that rotates, is used up. The
// fetcher must outlive the task.
runtime::Task<std::expected<Tokens, TokenFailure>> fetch_tokens(http::Fetcher& fetcher,
                                                                http::FetchRequest request,
                                                                Grant grant,
                                                                runtime::Time deadline);

}  // namespace signet::identity
