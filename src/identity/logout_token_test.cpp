#include "identity/logout_token.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/id_token.h"
#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kIssuer = "https://login.example.com";
constexpr std::string_view kHeader = R"({"alg":"ES256","kid":"1","typ":"logout+jwt"})";
constexpr std::string_view kEvents = R"({"http://schemas.openid.net/event/backchannel-logout":{}})";

const KeySet& keys() {
  static const KeySet kSet = key_set({p256_key().jwk(R"("kid":"1")")});
  return kSet;
}

using Changes = std::vector<std::pair<std::string, std::string>>;
std::string claims_with(const Changes& changes) {
  Changes claims{{"iss", fmt::format("\"{}\"", kIssuer)},
                 {"aud", R"("signet")"},
                 {"sub", R"("ada")"},
                 {"sid", R"("session-1")"},
                 {"jti", R"("token-1")"},
                 {"iat", std::to_string(kNow - 5)},
                 {"exp", std::to_string(kNow + 120)},
                 {"events", std::string(kEvents)}};
  for (const auto& [name, json] : changes) {
    const auto found = std::ranges::find(claims, name, &Changes::value_type::first);
    if (found == claims.end()) {
      claims.emplace_back(name, json);
    } else {
      found->second = json;
    }
  }
  std::string text;
  for (const auto& [name, json] : claims) {
    if (!json.empty()) text += fmt::format("{}\"{}\":{}", text.empty() ? "{" : ",", name, json);
  }
  return text + "}";
}

ProviderTokenRules rules() {
  ProviderTokenRules rules;
  rules.issuer = kIssuer;
  rules.client_id = "signet";
  rules.algorithms = {Algorithm::es256};
  rules.now = kNow;
  return rules;
}

// "sub sid", or why not.
std::string outcome(const Changes& changes, std::string_view header = kHeader,
                    const crypto::SigningKey& key = p256_key()) {
  const auto checked = check_logout_token(
      token(header, claims_with(changes), key, Algorithm::es256), keys(), rules());
  if (!checked) return "!" + std::string(to_string(checked.error().error));
  return checked->subject + " " + checked->session;
}

TEST(LogoutToken, Claims) {
  struct Row {
    Changes changes;
    std::string_view expected;
  };
  const auto at = [](std::int64_t seconds) { return std::to_string(kNow + seconds); };
  for (const Row& row : std::vector<Row>{
           {{}, "ada session-1"},
           {{{"sid", ""}}, "ada "},
           {{{"sub", ""}}, " session-1"},
           {{{"sub", ""}, {"sid", ""}}, "!no_subject"},
           {{{"sub", R"("")"}}, "!bad_claims"},
           {{{"sid", "[]"}}, "!bad_claims"},
           {{{"sub", "null"}}, "!bad_claims"},
           {{{"iss", R"("https://evil.example")"}}, "!wrong_issuer"},
           {{{"iss", ""}}, "!wrong_issuer"},
           {{{"aud", R"("other")"}}, "!wrong_audience"},
           {{{"aud", ""}}, "!wrong_audience"},
           {{{"aud", R"(["signet"])"}}, "ada session-1"},
           // Replays, and how long a token lives.
           {{{"jti", ""}}, "!no_token_id"},
           {{{"jti", R"("")"}}, "!bad_claims"},
           {{{"jti", "7"}}, "!bad_claims"},
           {{{"jti", '"' + std::string(256, 'j') + '"'}}, "!bad_claims"},
           {{{"iat", ""}}, "!wrong_time"},
           {{{"iat", at(-360)}}, "ada session-1"},
           {{{"iat", at(-361)}}, "!wrong_time"},
           {{{"iat", at(61)}}, "!wrong_time"},
           {{{"exp", ""}}, "!wrong_time"},
           {{{"exp", at(-60)}}, "!wrong_time"},
           {{{"nbf", at(61)}}, "!wrong_time"},
           // The event.
           {{{"events", ""}}, "!no_event"},
           {{{"events", "{}"}}, "!no_event"},
           {{{"events", "null"}}, "!no_event"},
           {{{"events", R"(["http://schemas.openid.net/event/backchannel-logout"])"}}, "!no_event"},
           {{{"events", R"("http://schemas.openid.net/event/backchannel-logout")"}}, "!no_event"},
           {{{"events", R"({"http://schemas.openid.net/event/backchannel-logout":true})"}},
            "!no_event"},
           {{{"events", R"({"http://schemas.openid.net/event/backchannel-logout":[]})"}},
            "!no_event"},
           {{{"events", R"({"http://schemas.openid.net/event/backchannel-logout/":{}})"}},
            "!no_event"},
           {{{"events", R"({"https://schemas.openid.net/event/backchannel-logout":{}})"}},
            "!no_event"},
           {{{"events", R"({"x":1,"http://schemas.openid.net/event/backchannel-logout":{"y":2}})"}},
            "ada session-1"},
           // An ID token.
           {{{"nonce", R"("NONCE")"}}, "!wrong_type"},
           {{{"nonce", "null"}}, "!wrong_type"},
           {{{"nonce", R"("")"}}, "!wrong_type"},
       }) {
    EXPECT_EQ(outcome(row.changes), row.expected) << claims_with(row.changes);
  }
}

TEST(LogoutToken, Headers) {
  for (const std::string_view header :
       {R"({"alg":"ES256","kid":"1"})", R"({"alg":"ES256","kid":"1","typ":"JWT"})",
        R"({"alg":"ES256","kid":"1","typ":"application/logout+jwt"})",
        R"({"alg":"ES256","kid":"1","typ":"LOGOUT+JWT"})"}) {
    EXPECT_EQ(outcome({}, header), "ada session-1") << header;
  }
  for (const std::string_view type : {"at+jwt", "secevent+jwt", "logout", "logout+jwt+x"}) {
    EXPECT_EQ(outcome({}, fmt::format(R"({{"alg":"ES256","kid":"1","typ":"{}"}})", type)),
              "!wrong_type");
  }
  EXPECT_EQ(outcome({}, R"({"alg":"none","kid":"1"})"), "!unreadable");
  EXPECT_EQ(outcome({}, R"({"alg":"HS256","kid":"1"})"), "!unreadable");
  EXPECT_EQ(outcome({}, R"({"alg":"ES256","kid":"2"})"), "!unknown_key");
  const crypto::SigningKey other = crypto::SigningKey::elliptic("P-256");
  EXPECT_EQ(outcome({}, kHeader, other), "!bad_signature");
}

TEST(LogoutToken, IsRememberedAsLongAsItCouldBeReplayed) {
  const auto forget_at = [](const Changes& changes) {
    const std::string text = token(kHeader, claims_with(changes), p256_key(), Algorithm::es256);
    const auto checked = check_logout_token(text, keys(), rules());
    EXPECT_EQ(checked->token_id, "token-1");
    ProviderTokenRules late = rules();
    late.now = checked->forget_at;
    EXPECT_FALSE(check_logout_token(text, keys(), late));
    return checked->forget_at;
  };
  EXPECT_EQ(forget_at({}), kNow + 120 + 60 + 1);
  EXPECT_EQ(forget_at({{"exp", std::to_string(kNow + 86'400)}}), kNow - 5 + 360 + 1);
}

TEST(LogoutToken, IsNoIdTokenNorTheOtherWayRound) {
  IdTokenRules wanted;
  wanted.issuer = kIssuer;
  wanted.client_id = "signet";
  wanted.algorithms = {Algorithm::es256};
  wanted.now = kNow;
  for (const std::string_view header : {kHeader, std::string_view(R"({"alg":"ES256"})")}) {
    const std::string logout = token(header, claims_with({}), p256_key(), Algorithm::es256);
    EXPECT_EQ(check_id_token(logout, keys(), wanted).error().error, ProviderTokenError::wrong_type);
  }
  EXPECT_EQ(outcome({{"events", ""}, {"nonce", R"("NONCE")"}}, R"({"alg":"ES256","typ":"JWT"})"),
            "!no_event");
}

}  // namespace
}  // namespace signet::identity
