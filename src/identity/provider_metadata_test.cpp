#include "identity/provider_metadata.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/fetcher_for_tests.h"

namespace signet::identity {
namespace {

constexpr std::string_view kIssuer = "https://login.example.com/pool";

// The metadata with `more` behind the members that must be there.
std::string metadata_with(std::string_view more) {
  return fmt::format(R"({{"issuer": "{}", "jwks_uri": "https://login.example.com/jwks")", kIssuer) +
         std::string(more) + "}";
}
std::string good_with(std::string_view more = "") {
  return metadata_with(R"(, "authorization_endpoint": "https://auth.example.net/authorize",
      "token_endpoint": "https://auth.example.net/token")" +
                       std::string(more));
}

std::expected<ProviderMetadata, DiscoveryFailure> parsed(std::string_view json) {
  return parse_provider_metadata(json, kIssuer, *config::parse_url(kIssuer));
}

TEST(ProviderMetadata, ReadsAll) {
  const auto metadata = parsed(good_with(R"(,
      "userinfo_endpoint": "https://auth.example.net/me/",
      "end_session_endpoint": "https://auth.example.net/logout?p=b2c_1",
      "authorization_response_iss_parameter_supported": true,
      "backchannel_logout_supported": true,
      "code_challenge_methods_supported": ["S256", "plain"],
      "id_token_signing_alg_values_supported": ["HS256", "none", "ES256", "RS256"],
      "token_endpoint_auth_methods_supported": ["client_secret_post"],
      "unknown": {"a": [1]})"));
  ASSERT_TRUE(metadata) << metadata.error().detail;
  EXPECT_EQ(metadata->issuer, kIssuer);
  EXPECT_EQ(metadata->authorization_endpoint, "https://auth.example.net/authorize");
  EXPECT_EQ(metadata->token_endpoint, "https://auth.example.net/token");
  EXPECT_EQ(metadata->userinfo_endpoint, "https://auth.example.net/me/");
  EXPECT_EQ(metadata->jwks_uri, "https://login.example.com/jwks");
  EXPECT_EQ(metadata->end_session_endpoint, "https://auth.example.net/logout?p=b2c_1");
  EXPECT_TRUE(metadata->callbacks_name_issuer);
  EXPECT_TRUE(metadata->backchannel_logout);
  EXPECT_EQ(metadata->code_challenge_methods, (std::vector<std::string>{"S256", "plain"}));
  EXPECT_EQ(metadata->id_token_algorithms, (AlgorithmSet{Algorithm::es256, Algorithm::rs256}));
  EXPECT_EQ(metadata->token_endpoint_auth_methods,
            (std::vector<std::string>{"client_secret_post"}));
}

TEST(ProviderMetadata, LittleIsNeeded) {
  for (const std::string_view more :
       {"", R"(, "userinfo_endpoint": null, "end_session_endpoint": null,
               "backchannel_logout_supported": null, "code_challenge_methods_supported": null)"}) {
    const auto metadata = parsed(good_with(more));
    ASSERT_TRUE(metadata) << metadata.error().detail;
    EXPECT_EQ(metadata->userinfo_endpoint, "");
    EXPECT_EQ(metadata->end_session_endpoint, "");
    EXPECT_FALSE(metadata->callbacks_name_issuer);
    EXPECT_FALSE(metadata->backchannel_logout);
    EXPECT_TRUE(metadata->code_challenge_methods.empty());
    EXPECT_TRUE(metadata->token_endpoint_auth_methods.empty());
    EXPECT_EQ(metadata->id_token_algorithms, AlgorithmSet{Algorithm::rs256});
  }
}

TEST(ProviderMetadata, Refuses) {
  struct Row {
    std::string json;
    DiscoveryError error;
  };
  const auto endpoint = [](std::string_view url) {
    return good_with(fmt::format(R"(, "end_session_endpoint": "{}")", url));
  };
  const std::string token = R"(, "token_endpoint": "https://auth.example.net/token")";
  for (const Row& row : std::vector<Row>{
           {"", DiscoveryError::bad_document},
           {"[]", DiscoveryError::bad_document},
           {R"({"issuer": "https://login.example.com/pool/"})", DiscoveryError::other_issuer},
           {R"({"issuer": "https://login.example.com/poo1"})", DiscoveryError::other_issuer},
           {R"({"issuer": "https://login.example.com/pool"})", DiscoveryError::bad_document},
           {metadata_with(""), DiscoveryError::bad_document},
           {metadata_with(token), DiscoveryError::bad_document},
           {metadata_with(token + R"(, "authorization_endpoint": null)"),
            DiscoveryError::bad_document},
           {metadata_with(token + R"(, "authorization_endpoint": "")"),
            DiscoveryError::bad_document},
           {metadata_with(token + R"(, "authorization_endpoint": "http://auth.example.net/a")"),
            DiscoveryError::forbidden_url},
           {metadata_with(token + R"(, "authorization_endpoint": "javascript:alert`1`")"),
            DiscoveryError::bad_document},
           {good_with(token), DiscoveryError::bad_document},  // twice
           {endpoint("http://auth.example.net/"), DiscoveryError::forbidden_url},
           {endpoint("https://127.0.0.1/"), DiscoveryError::forbidden_url},
           {endpoint("https://localhost/?a=b"), DiscoveryError::forbidden_url},
           {endpoint("https://[::1]:8443"), DiscoveryError::forbidden_url},
           {endpoint("https://169.254.169.254/latest/"), DiscoveryError::forbidden_url},
           {endpoint("https://2130706433/"), DiscoveryError::forbidden_url},
           {endpoint("https://0x7f000001/"), DiscoveryError::forbidden_url},
           {endpoint("https://0177.0.0.1/"), DiscoveryError::forbidden_url},
           {endpoint("https://127.1/"), DiscoveryError::forbidden_url},
           {endpoint("https://0/"), DiscoveryError::forbidden_url},
           {endpoint("https://login.0xA9FEA9FE/"), DiscoveryError::forbidden_url},
           {endpoint("https://x.localhost/"), DiscoveryError::forbidden_url},
           {endpoint("https://a@auth.example.net/"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/#x"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/?a=b#x"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/?a= b"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/?a=\\n"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/?a=\xc3\xbc"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net//x"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net//"), DiscoveryError::bad_document},
           {endpoint("https://"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/x//"), DiscoveryError::bad_document},
           {endpoint("https://auth.example.net/../x"), DiscoveryError::bad_document},
           {endpoint("//auth.example.net/"), DiscoveryError::bad_document},
           {endpoint("https:///x"), DiscoveryError::bad_document},
           {good_with(R"(, "userinfo_endpoint": 1)"), DiscoveryError::bad_document},
           {good_with(R"(, "userinfo_endpoint": "https://10.0.0.1.:99999/")"),
            DiscoveryError::bad_document},
           {good_with(R"(, "backchannel_logout_supported": "true")"), DiscoveryError::bad_document},
           {good_with(R"(, "authorization_response_iss_parameter_supported": 1)"),
            DiscoveryError::bad_document},
           {good_with(R"(, "code_challenge_methods_supported": "S256")"),
            DiscoveryError::bad_document},
           {good_with(R"(, "token_endpoint_auth_methods_supported": [1])"),
            DiscoveryError::bad_document},
           {good_with(R"(, "id_token_signing_alg_values_supported": [])"),
            DiscoveryError::bad_document},
           {good_with(R"(, "id_token_signing_alg_values_supported": ["HS256", "none"])"),
            DiscoveryError::bad_document}}) {
    const auto metadata = parsed(row.json);
    ASSERT_FALSE(metadata) << row.json;
    EXPECT_EQ(metadata.error().error, row.error) << row.json << ": " << metadata.error().detail;
    EXPECT_NE(metadata.error().detail, "");
  }
}

TEST(ProviderMetadata, IsFetched) {
  runtime::ManualClock clock;
  runtime::EventLoop loop(clock);
  TableFetcher fetcher;
  const std::string issuer(kIssuer);
  const config::Url url = *config::parse_url(issuer);
  const auto fetched = [&] {
    return wait_for(loop, fetch_provider_metadata(fetcher, issuer, url, loop.now()));
  };
  EXPECT_EQ(fetched().error().error, DiscoveryError::bad_status);
  fetcher.answers[issuer + "/.well-known/openid-configuration"] = {200, good_with()};
  EXPECT_EQ(fetched()->token_endpoint, "https://auth.example.net/token");
  fetcher.answers[issuer + "/.well-known/openid-configuration"] = {302, good_with()};
  EXPECT_EQ(fetched().error().error, DiscoveryError::bad_status);
  fetcher.failure = http::FetchFailure{http::FetchError::timed_out, "slow"};
  EXPECT_EQ(fetched().error().error, DiscoveryError::timed_out);
}

}  // namespace
}  // namespace signet::identity
