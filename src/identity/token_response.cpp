#include "identity/token_response.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "http/characters.h"
#include "identity/form.h"
#include "identity/json.h"

namespace signet::identity {

namespace {

constexpr std::size_t kLongestToken = 64 << 10;
constexpr std::int64_t kLongestLife = std::int64_t{1} << 40;

std::unexpected<TokenFailure> failure(TokenError error, std::string detail) {
  return std::unexpected(TokenFailure{error, std::move(detail)});
}

// RFC 6749 §2.3.1: each is form-encoded before the two are joined, so that a ":" in the id, or
// anything beyond ASCII, comes through.
std::string basic(const ClientRegistration& client) {
  std::string text;
  append_form_encoded(text, client.id);
  text += ':';
  append_form_encoded(text, client.secret);
  return "Basic " + crypto::base64(text);
}

std::expected<http::FetchRequest, TokenFailure> request(const ProviderMetadata& metadata,
                                                        const ClientRegistration& client,
                                                        std::vector<FormParameter> parameters) {
  const auto authentication = client_authentication(metadata, client);
  if (!authentication) {
    return failure(TokenError::no_authentication,
                   "the provider takes client secrets neither by HTTP Basic nor in the body");
  }
  http::FetchRequest request;
  request.method = "POST";
  request.url = metadata.token_endpoint;
  request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  request.headers.emplace_back("accept", "application/json");
  if (*authentication == ClientAuthentication::basic) {
    request.headers.emplace_back("authorization", basic(client));
  } else {
    parameters.push_back({"client_id", client.id});
  }
  if (*authentication == ClientAuthentication::post) {
    parameters.push_back({"client_secret", client.secret});
  }
  request.body = form_text(parameters);
  return request;
}

// VSCHAR (RFC 6749 appendix A.12, A.17), which a header field can hold.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// Null when it is absent or null.
const JsonValue* member(const JsonObject& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr || value->as<std::nullptr_t>() != nullptr ? nullptr : value;
}

// The token of that name, "" when there is none; nothing when it is not one.
std::optional<std::string> token_in(const JsonObject& object, std::string_view name) {
  const JsonValue* value = member(object, name);
  if (value == nullptr) return std::string();
  const auto* text = value->as<std::string>();
  if (text == nullptr || !is_token(*text)) return std::nullopt;
  return *text;
}

std::expected<Tokens, TokenFailure> tokens_in(const JsonObject& object, Grant grant) {
  const auto malformed = [](std::string_view name) {
    return failure(TokenError::malformed,
                   fmt::format("the provider's answer has no proper {}", name));
  };
  const JsonValue* type = member(object, "token_type");
  const auto* type_name = type == nullptr ? nullptr : type->as<std::string>();
  if (type_name == nullptr) return malformed("token_type");
  if (!http::character::equals_ignoring_case(*type_name, "bearer")) {
    return failure(TokenError::not_bearer, "the provider's token is no bearer token");
  }
  auto access = token_in(object, "access_token");
  if (!access || access->empty()) return malformed("access_token");
  auto id = token_in(object, "id_token");
  if (!id) return malformed("id_token");
  if (id->empty() && grant == Grant::code) {
    return failure(TokenError::no_id_token,
                   "the provider's answer has no ID token: is the scope openid granted?");
  }
  auto refresh = token_in(object, "refresh_token");
  if (!refresh) return malformed("refresh_token");
  Tokens tokens;
  tokens.access_token = std::move(*access);
  tokens.id_token = std::move(*id);
  tokens.refresh_token = std::move(*refresh);
  if (const JsonValue* expires = member(object, "expires_in")) {
    const auto* seconds = expires->as<std::int64_t>();
    if (seconds == nullptr || *seconds < 0 || *seconds > kLongestLife) {
      return malformed("expires_in");
    }
    tokens.expires_in = *seconds;
  }
  return tokens;
}

// The error's code as text of ours: what the provider wrote may repeat the request.
std::string_view error_code(std::string_view body) {
  constexpr std::array<std::string_view, 6> kCodes{"invalid_request",        "invalid_client",
                                                   "invalid_grant",          "unauthorized_client",
                                                   "unsupported_grant_type", "invalid_scope"};
  const auto object = parse_json_object(body);
  const JsonValue* error = object ? object->find("error") : nullptr;
  const auto* name = error == nullptr ? nullptr : error->as<std::string>();
  if (name == nullptr) return "";
  const auto* const known = std::ranges::find(kCodes, *name);
  return known == kCodes.end() ? "an error that RFC 6749 does not have" : *known;
}

TokenFailure failure_of(const http::FetchAnswer& answer) {
  const unsigned status = answer.status;
  if (status == 429 || status >= 500) {
    return {TokenError::unavailable,
            fmt::format("the token endpoint answers with status {}", status)};
  }
  const std::string_view code = error_code(answer.body);
  if (code.empty() || (status != 400 && status != 401 && status != 403)) {
    return {TokenError::bad_status,
            fmt::format("the token endpoint answers with status {}, which tells nothing", status)};
  }
  return {code == "invalid_grant" ? TokenError::invalid_grant : TokenError::refused,
          fmt::format("the token endpoint answers {} with {}", status, code)};
}

}  // namespace

std::string_view to_string(TokenError error) {
  switch (error) {
    case TokenError::no_authentication: return "no_authentication";
    case TokenError::unreachable: return "unreachable";
    case TokenError::timed_out: return "timed_out";
    case TokenError::unavailable: return "unavailable";
    case TokenError::invalid_grant: return "invalid_grant";
    case TokenError::refused: return "refused";
    case TokenError::bad_status: return "bad_status";
    case TokenError::malformed: return "malformed";
    case TokenError::not_bearer: return "not_bearer";
    case TokenError::no_id_token: return "no_id_token";
  }
  return "unknown";
}

bool is_temporary(TokenError error) {
  return error == TokenError::unreachable || error == TokenError::timed_out ||
         error == TokenError::unavailable;
}

std::optional<ClientAuthentication> client_authentication(const ProviderMetadata& metadata,
                                                          const ClientRegistration& client) {
  if (client.secret.empty()) return ClientAuthentication::none;
  const std::vector<std::string>& methods = metadata.token_endpoint_auth_methods;
  const auto has = [&](std::string_view method) {
    return std::ranges::find(methods, method) != methods.end();
  };
  if (methods.empty() || has("client_secret_basic")) return ClientAuthentication::basic;
  if (has("client_secret_post")) return ClientAuthentication::post;
  return std::nullopt;
}

std::expected<http::FetchRequest, TokenFailure> code_request(const ProviderMetadata& metadata,
                                                             const ClientRegistration& client,
                                                             std::string_view code,
                                                             std::string_view redirect_uri,
                                                             std::string_view verifier) {
  return request(metadata, client,
                 {{"grant_type", "authorization_code"},
                  {"code", std::string(code)},
                  {"redirect_uri", std::string(redirect_uri)},
                  {"code_verifier", std::string(verifier)}});
}

std::expected<http::FetchRequest, TokenFailure> refresh_request(const ProviderMetadata& metadata,
                                                                const ClientRegistration& client,
                                                                std::string_view refresh_token) {
  return request(metadata, client,
                 {{"grant_type", "refresh_token"}, {"refresh_token", std::string(refresh_token)}});
}

std::expected<Tokens, TokenFailure> parse_token_answer(const http::FetchAnswer& answer,
                                                       Grant grant) {
  if (answer.status != 200) return std::unexpected(failure_of(answer));
  const auto object = parse_json_object(answer.body);
  if (!object) {
    return failure(TokenError::malformed,
                   fmt::format("the provider's answer is {}", describe(object.error())));
  }
  return tokens_in(*object, grant);
}

runtime::Task<std::expected<Tokens, TokenFailure>> fetch_tokens(http::Fetcher& fetcher,
                                                                http::FetchRequest request,
                                                                Grant grant,
                                                                runtime::Time deadline) {
  auto fetching = fetcher.fetch(std::move(request), deadline);
  const auto answer = co_await std::move(fetching);
  if (!answer) {
    const TokenError error = answer.error().error == http::FetchError::timed_out
                                 ? TokenError::timed_out
                                 : TokenError::unreachable;
    co_return failure(error, fmt::format("the token endpoint: {}", answer.error().detail));
  }
  co_return parse_token_answer(*answer, grant);
}

}  // namespace signet::identity
