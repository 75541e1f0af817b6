#include "identity/token_response.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "identity/fetcher_for_tests.h"

namespace signet::identity {
namespace {

ProviderMetadata metadata_with(std::vector<std::string> methods) {
  ProviderMetadata metadata;
  metadata.token_endpoint = "https://login.example.com/token?p=b2c_1";
  metadata.token_endpoint_auth_methods = std::move(methods);
  return metadata;
}

ClientRegistration client(std::string_view id = "signet", std::string_view secret = "s3cret") {
  ClientRegistration registration;
  registration.id = id;
  registration.secret = secret;
  return registration;
}

std::string header(const http::FetchRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

std::string code_body(const ProviderMetadata& metadata, const ClientRegistration& registration) {
  const auto request = code_request(metadata, registration, "c+de", "https://a/cb?x", "verifier");
  EXPECT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->url, metadata.token_endpoint);
  EXPECT_EQ(header(*request, "content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header(*request, "accept"), "application/json");
  return request->body + " " + header(*request, "authorization");
}

TEST(TokenRequest, ExchangesACode) {
  const std::string grant =
      "grant_type=authorization_code&code=c%2Bde&redirect_uri=https%3A%2F%2Fa%2Fcb%3Fx"
      "&code_verifier=verifier";
  const std::string with_basic = grant + " Basic " + crypto::base64("signet:s3cret");
  const std::string with_post = grant + "&client_id=signet&client_secret=s3cret ";
  EXPECT_EQ(code_body(metadata_with({}), client()), with_basic);
  EXPECT_EQ(code_body(metadata_with({"client_secret_post", "client_secret_basic"}), client()),
            with_basic);
  EXPECT_EQ(code_body(metadata_with({"private_key_jwt", "client_secret_post"}), client()),
            with_post);
  for (const auto& methods : std::vector<std::vector<std::string>>{
           {}, {"client_secret_basic"}, {"none"}, {"private_key_jwt"}}) {
    EXPECT_EQ(code_body(metadata_with(methods), client("signet", "")),
              grant + "&client_id=signet ");
  }
}

TEST(TokenRequest, SecretsAreEncodedBeforeTheyAreJoined) {
  // RFC 6749 §2.3.1 with appendix B: ":" of the id, "%", space and what is beyond ASCII.
  EXPECT_TRUE(code_body(metadata_with({}), client("a:b", "p%&+ \xc3\xbc:"))
                  .ends_with(" Basic " + crypto::base64("a%3Ab:p%25%26%2B%20%C3%BC%3A")));
  EXPECT_TRUE(code_body(metadata_with({"client_secret_post"}), client("a&b", "x=y&code=z"))
                  .ends_with("&client_id=a%26b&client_secret=x%3Dy%26code%3Dz "));
}

TEST(TokenRequest, Refreshes) {
  const auto basic = refresh_request(metadata_with({}), client(), "r&t");
  ASSERT_TRUE(basic);
  EXPECT_EQ(basic->body, "grant_type=refresh_token&refresh_token=r%26t");
  EXPECT_EQ(header(*basic, "authorization"), "Basic " + crypto::base64("signet:s3cret"));
  EXPECT_EQ(refresh_request(metadata_with({}), client("signet", ""), "rt")->body,
            "grant_type=refresh_token&refresh_token=rt&client_id=signet");
}

TEST(TokenRequest, NoSecretInAnotherWay) {
  for (const auto& methods : std::vector<std::vector<std::string>>{
           {"private_key_jwt"}, {"none"}, {"CLIENT_SECRET_BASIC"}, {"tls_client_auth"}}) {
    const auto request = refresh_request(metadata_with(methods), client(), "rt");
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().error, TokenError::no_authentication);
    EXPECT_FALSE(request.error().detail.contains("s3cret"));
  }
}

std::expected<Tokens, TokenFailure> read(unsigned status, std::string_view body,
                                         Grant grant = Grant::code) {
  http::FetchAnswer answer;
  answer.status = status;
  answer.body = body;
  return parse_token_answer(answer, grant);
}

TEST(TokenAnswer, Reads) {
  const auto tokens = read(200, R"({"access_token": "at", "token_type": "bEARER",
      "expires_in": 3600, "id_token": "a.b.c", "refresh_token": "rt", "scope": "openid",
      "other": {"x": 1}})");
  ASSERT_TRUE(tokens);
  EXPECT_EQ(tokens->access_token, "at");
  EXPECT_EQ(tokens->id_token, "a.b.c");
  EXPECT_EQ(tokens->refresh_token, "rt");
  EXPECT_EQ(tokens->expires_in, 3600);
  const auto little = read(
      200,
      R"({"access_token": "at", "token_type": "Bearer", "id_token": null, "expires_in": null})",
      Grant::refresh);
  ASSERT_TRUE(little);
  EXPECT_EQ(little->id_token, "");
  EXPECT_EQ(little->refresh_token, "");
  EXPECT_EQ(little->expires_in, std::nullopt);
}

TEST(TokenAnswer, Refuses) {
  struct Row {
    unsigned status;
    std::string body;
    TokenError error;
  };
  const auto with = [](std::string_view more) {
    return R"({"access_token": "SECRET", "token_type": "Bearer")" + std::string(more) + "}";
  };
  const std::string id = R"(, "id_token": "SECRET.b.c")";
  for (const Row& row : std::vector<Row>{
           {200, "", TokenError::malformed},
           {200, "<html>SECRET</html>", TokenError::malformed},
           {200, "access_token=SECRET&token_type=bearer", TokenError::malformed},
           {200, "[]", TokenError::malformed},
           {200, "{}", TokenError::malformed},
           {200, with(id) + "x", TokenError::malformed},
           {200, with(id + R"(, "access_token": "SECRET2")"), TokenError::malformed},
           {200, with(""), TokenError::no_id_token},
           {200, with(R"(, "id_token": null)"), TokenError::no_id_token},
           {200, with(R"(, "id_token": "")"), TokenError::malformed},
           {200, with(R"(, "id_token": 1)"), TokenError::malformed},
           {200, with(R"(, "id_token": {"a": "SECRET"})"), TokenError::malformed},
           {200, with(R"(, "id_token": "SECRET\u0000")"), TokenError::malformed},
           {200, with(R"(, "id_token": "SECRET\n")"), TokenError::malformed},
           {200, with(id + R"(, "refresh_token": ["SECRET"])"), TokenError::malformed},
           {200, with(id + R"(, "refresh_token": "")"), TokenError::malformed},
           {200, with(id + R"(, "refresh_token": "ü")"), TokenError::malformed},
           {200, with(id + R"(, "refresh_token": ")" + std::string(70'000, 'r') + '"'),
            TokenError::malformed},
           {200, with(id + R"(, "expires_in": "3600")"), TokenError::malformed},
           {200, with(id + R"(, "expires_in": 3600.5)"), TokenError::malformed},
           {200, with(id + R"(, "expires_in": -1)"), TokenError::malformed},
           {200, with(id + R"(, "expires_in": 9223372036854775807)"), TokenError::malformed},
           {200, with(id + R"(, "expires_in": 18446744073709551615)"), TokenError::malformed},
           {200, R"({"token_type": "Bearer", "id_token": "a.b.c"})", TokenError::malformed},
           {200, R"({"access_token": "SECRET", "id_token": "a.b.c"})", TokenError::malformed},
           {200, R"({"access_token": "SECRET", "token_type": 1, "id_token": "a"})",
            TokenError::malformed},
           {200, R"({"access_token": "SECRET", "token_type": "DPoP", "id_token": "a.b.c"})",
            TokenError::not_bearer},
           {200, R"({"access_token": "SECRET", "token_type": "Bearer ", "id_token": "a.b.c"})",
            TokenError::not_bearer},
           {200, R"({"error": "invalid_grant"})", TokenError::malformed},
           // Other answers than 200.
           {201, with(id), TokenError::bad_status},
           {204, "", TokenError::bad_status},
           {302, with(id), TokenError::bad_status},
           {400, "", TokenError::bad_status},
           {400, "<html>SECRET", TokenError::bad_status},
           {400, R"({"error": 1})", TokenError::bad_status},
           {404, R"({"error": "invalid_grant"})", TokenError::bad_status},
           {400, R"({"error": "invalid_grant", "error_description": "SECRET"})",
            TokenError::invalid_grant},
           {401, R"({"error": "invalid_grant"})", TokenError::invalid_grant},
           {403, R"({"error": "invalid_grant"})", TokenError::invalid_grant},
           {400, R"({"error": "INVALID_GRANT"})", TokenError::refused},
           {401, R"({"error": "invalid_client"})", TokenError::refused},
           {400, R"({"error": "unauthorized_client"})", TokenError::refused},
           {400, R"({"error": "SECRET"})", TokenError::refused},
           {429, R"({"error": "invalid_grant"})", TokenError::unavailable},
           {500, R"({"error": "invalid_grant"})", TokenError::unavailable},
           {503, "", TokenError::unavailable},
       }) {
    const auto tokens = read(row.status, row.body);
    ASSERT_FALSE(tokens) << row.status << row.body.substr(0, 100);
    EXPECT_EQ(tokens.error().error, row.error)
        << row.status << row.body.substr(0, 100) << ": " << tokens.error().detail;
    EXPECT_FALSE(tokens.error().detail.contains("SECRET")) << tokens.error().detail;
    EXPECT_NE(tokens.error().detail, "");
  }
}

TEST(TokenAnswer, WhatIsTemporary) {
  for (int i = 0; i <= static_cast<int>(TokenError::no_id_token); ++i) {
    const auto error = static_cast<TokenError>(i);
    EXPECT_NE(to_string(error), "unknown");
    EXPECT_EQ(is_temporary(error), error == TokenError::unreachable ||
                                       error == TokenError::timed_out ||
                                       error == TokenError::unavailable);
  }
}

TEST(TokenAnswer, IsFetchedOnce) {
  runtime::ManualClock clock;
  runtime::EventLoop loop(clock);
  TableFetcher fetcher;
  const ProviderMetadata metadata = metadata_with({});
  const auto fetched = [&] {
    return wait_for(loop, fetch_tokens(fetcher, refresh_request(metadata, client(), "rt").value(),
                                       Grant::refresh, loop.now()));
  };
  fetcher.answers[metadata.token_endpoint] = {200,
                                              R"({"access_token": "at", "token_type": "bearer"})"};
  EXPECT_EQ(fetched()->access_token, "at");
  EXPECT_EQ(fetcher.asked.size(), 1U);
  EXPECT_EQ(fetcher.asked.back().body, "grant_type=refresh_token&refresh_token=rt");
  for (const auto& [given, expected] :
       {std::pair(http::FetchError::timed_out, TokenError::timed_out),
        std::pair(http::FetchError::unreachable, TokenError::unreachable),
        std::pair(http::FetchError::lost, TokenError::unreachable),
        std::pair(http::FetchError::bad_response, TokenError::unreachable)}) {
    fetcher.failure = http::FetchFailure{given, "why"};
    EXPECT_EQ(fetched().error().error, expected);
  }
  EXPECT_EQ(fetcher.asked.size(), 5U);
}

}  // namespace
}  // namespace signet::identity
