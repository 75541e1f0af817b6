#include "identity/id_token.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kIssuer = "https://login.example.com";
constexpr std::string_view kHeader = R"({"alg":"ES256","kid":"1","typ":"JWT"})";
constexpr std::string_view kCode = "the-code";
constexpr std::string_view kAccess = "the-access-token";

const KeySet& keys() {
  static const KeySet kSet =
      key_set({p256_key().jwk(R"("kid":"1")"), rsa_key().jwk(R"("kid":"2")")});
  return kSet;
}

// The claims of a good ID token, but for `changes`: {name, JSON}, "" leaves the claim out.
using Changes = std::vector<std::pair<std::string, std::string>>;
std::string claims_with(const Changes& changes) {
  Changes claims{{"iss", fmt::format("\"{}\"", kIssuer)},
                 {"aud", R"("signet")"},
                 {"sub", R"("ada")"},
                 {"nonce", R"("NONCE")"},
                 {"iat", std::to_string(kNow - 5)},
                 {"exp", std::to_string(kNow + 300)},
                 {"auth_time", std::to_string(kNow - 100)},
                 {"sid", R"("session-1")"}};
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

IdTokenRules rules() {
  IdTokenRules rules;
  rules.issuer = kIssuer;
  rules.client_id = "signet";
  rules.algorithms = {Algorithm::es256, Algorithm::rs256};
  rules.now = kNow;
  rules.nonce = "NONCE";
  rules.code = kCode;
  rules.access_token = kAccess;
  return rules;
}

std::string outcome(const std::string& id_token, const IdTokenRules& wanted = rules()) {
  const auto checked = check_id_token(id_token, keys(), wanted);
  if (checked) return checked->subject;
  EXPECT_NE(checked.error().detail, "");
  return "!" + std::string(to_string(checked.error().error));
}
std::string outcome(const Changes& changes, const IdTokenRules& wanted = rules()) {
  return outcome(token(kHeader, claims_with(changes), p256_key(), Algorithm::es256), wanted);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

TEST(IdToken, IsRead) {
  const std::string good = token(kHeader, claims_with({{"email", R"("ada@example.com")"}}),
                                 p256_key(), Algorithm::es256);
  const auto checked = check_id_token(good, keys(), rules());
  ASSERT_TRUE(checked) << checked.error().detail;
  EXPECT_EQ(checked->subject, "ada");
  EXPECT_EQ(checked->session, "session-1");
  EXPECT_EQ(checked->auth_time, kNow - 100);
  EXPECT_EQ(checked->expires_at, kNow + 300);
  EXPECT_EQ(checked->claims.text("email"), "ada@example.com");
}

TEST(IdToken, Claims) {
  struct Row {
    Changes changes;
    std::string_view expected;
  };
  const auto at = [](std::int64_t seconds) { return std::to_string(kNow + seconds); };
  const std::string good_at = in_quotes(half_hash(Algorithm::es256, kAccess));
  const std::string good_c = in_quotes(half_hash(Algorithm::es256, kCode));
  for (const Row& row : std::vector<Row>{
           {{}, "ada"},
           {{{"sid", ""}, {"auth_time", ""}}, "ada"},
           // Whose, and for whom.
           {{{"iss", ""}}, "!wrong_issuer"},
           {{{"iss", R"("https://login.example.com/")"}}, "!wrong_issuer"},
           {{{"iss", R"("https://evil.example")"}}, "!wrong_issuer"},
           {{{"iss", R"(["https://login.example.com"])"}}, "!bad_claims"},
           {{{"aud", ""}}, "!wrong_audience"},
           {{{"aud", R"("other")"}}, "!wrong_audience"},
           {{{"aud", R"("SIGNET")"}}, "!wrong_audience"},
           {{{"aud", "[]"}}, "!wrong_audience"},
           {{{"aud", R"(["signet"])"}}, "ada"},
           {{{"aud", R"(["other","signet"])"}}, "!wrong_audience"},
           {{{"aud", R"(["other","signet"])"}, {"azp", R"("other")"}}, "!wrong_audience"},
           {{{"aud", R"(["other","signet"])"}, {"azp", R"("signet")"}}, "ada"},
           {{{"azp", R"("signet")"}}, "ada"},
           {{{"azp", R"("other")"}}, "!wrong_audience"},
           {{{"azp", "null"}}, "!bad_claims"},
           // When.
           {{{"exp", ""}}, "!wrong_time"},
           {{{"exp", at(-60)}}, "!wrong_time"},
           {{{"exp", at(-59)}}, "ada"},
           {{{"exp", R"("9999999999")"}}, "!bad_claims"},
           {{{"exp", "9223372036854775808"}}, "!bad_claims"},
           {{{"exp", "-1"}}, "!bad_claims"},
           {{{"iat", ""}}, "!wrong_time"},
           {{{"iat", at(60)}}, "ada"},
           {{{"iat", at(61)}}, "!wrong_time"},
           {{{"iat", "null"}}, "!bad_claims"},
           {{{"nbf", at(60)}}, "ada"},
           {{{"nbf", at(61)}}, "!wrong_time"},
           {{{"auth_time", at(61)}}, "!wrong_time"},
           {{{"auth_time", R"("1")"}}, "!bad_claims"},
           // Of which sign-in.
           {{{"nonce", ""}}, "!wrong_nonce"},
           {{{"nonce", R"("")"}}, "!wrong_nonce"},
           {{{"nonce", R"("nonce")"}}, "!wrong_nonce"},
           {{{"nonce", R"("NONCE ")"}}, "!wrong_nonce"},
           {{{"nonce", R"("NONC")"}}, "!wrong_nonce"},
           {{{"nonce", R"(["NONCE"])"}}, "!bad_claims"},
           {{{"nonce", "null"}}, "!bad_claims"},
           // With which code and access token.
           {{{"at_hash", good_at}, {"c_hash", good_c}}, "ada"},
           {{{"at_hash", good_c}}, "!wrong_hash"},
           {{{"c_hash", good_at}}, "!wrong_hash"},
           {{{"at_hash", R"("")"}}, "!wrong_hash"},
           {{{"at_hash", "null"}}, "!wrong_hash"},
           {{{"at_hash", "1"}}, "!wrong_hash"},
           {{{"at_hash", in_quotes(half_hash(Algorithm::rs512, kAccess))}}, "!wrong_hash"},
           {{{"at_hash", in_quotes(half_hash(Algorithm::es256, "another"))}}, "!wrong_hash"},
           // Who.
           {{{"sub", ""}}, "!no_subject"},
           {{{"sub", R"("")"}}, "!bad_claims"},
           {{{"sub", "17"}}, "!bad_claims"},
           {{{"sub", "null"}}, "!bad_claims"},
           {{{"sub", R"(["ada"])"}}, "!bad_claims"},
           {{{"sub", R"("ada\n")"}}, "!bad_claims"},
           {{{"sub", R"("a\u0000")"}}, "!bad_claims"},
           {{{"sub", in_quotes(std::string(256, 's'))}}, "!bad_claims"},
           {{{"sid", "1"}}, "!bad_claims"},
           {{{"sid", in_quotes(std::string(256, 's'))}}, "!bad_claims"},
           // Another kind of token.
           {{{"events", R"({"http://schemas.openid.net/event/backchannel-logout":{}})"}},
            "!wrong_type"},
           {{{"x", R"({"a":1,"a":2})"}}, "!bad_claims"},
       }) {
    EXPECT_EQ(outcome(row.changes), row.expected) << claims_with(row.changes);
  }
  EXPECT_EQ(outcome(Changes{{"sub", in_quotes(std::string(255, 's'))}}), std::string(255, 's'));
}

TEST(IdToken, Headers) {
  struct Row {
    std::string header;
    std::string_view expected;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"alg":"ES256"})", "ada"},
           {R"({"alg":"ES256","kid":"1","typ":"jwt"})", "ada"},
           {R"({"alg":"ES256","kid":"1","typ":"application/jwt"})", "ada"},
           {R"({"alg":"ES256","kid":"1","typ":"logout+jwt"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":"at+jwt"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":"application/at+jwt"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":"secevent+jwt"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":"dpop+jwt"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":"JOSE"})", "!wrong_type"},
           {R"({"alg":"ES256","kid":"1","typ":""})", "!wrong_type"},
           {R"({"alg":"none","kid":"1"})", "!unreadable"},
           {R"({"alg":"HS256","kid":"1"})", "!unreadable"},
           {R"({"alg":"ES384","kid":"1"})", "!unreadable"},
           {R"({"alg":"RS256","kid":"1"})", "!bad_signature"},
           {R"({"alg":"ES256","kid":"3"})", "!unknown_key"},
       }) {
    EXPECT_EQ(outcome(token(row.header, claims_with({}), p256_key(), Algorithm::es256)),
              row.expected)
        << row.header;
  }
  EXPECT_EQ(
      outcome(token(R"({"alg":"RS256","kid":"2"})", claims_with({}), rsa_key(), Algorithm::rs256)),
      "ada");
  EXPECT_EQ(outcome(token(R"({"alg":"RS256","kid":"2"})", claims_with({}), other_rsa_key(),
                          Algorithm::rs256)),
            "!bad_signature");
  EXPECT_EQ(outcome(std::string()), "!unreadable");
  EXPECT_EQ(outcome(std::string("a.b.c.d.e")), "!unreadable");
}

TEST(IdToken, Rules) {
  IdTokenRules wanted = rules();
  wanted.max_age = 40;
  EXPECT_EQ(outcome(Changes{}, wanted), "ada") << "100 seconds ago, less a minute";
  wanted.max_age = 39;
  EXPECT_EQ(outcome(Changes{}, wanted), "!too_long_ago");
  EXPECT_EQ(outcome({{"auth_time", ""}}, wanted), "!too_long_ago");
  wanted.max_age = 0;
  EXPECT_EQ(outcome({{"auth_time", std::to_string(kNow)}}, wanted), "ada");

  wanted = rules();
  wanted.nonce = "";
  EXPECT_EQ(outcome({{"nonce", R"("")"}}, wanted), "!wrong_nonce") << "an empty one proves nothing";

  // A refresh.
  wanted = rules();
  wanted.nonce.reset();
  wanted.subject = "ada";
  EXPECT_EQ(outcome({{"nonce", ""}}, wanted), "ada");
  EXPECT_EQ(outcome({{"nonce", ""}, {"sub", R"("eve")"}}, wanted), "!other_subject");
  EXPECT_EQ(outcome({{"nonce", ""}, {"sub", R"("Ada")"}}, wanted), "!other_subject");

  // Hashes of what did not come along say nothing.
  wanted = rules();
  wanted.access_token = wanted.code = "";
  EXPECT_EQ(outcome({{"at_hash", R"("x")"}, {"c_hash", R"("x")"}}, wanted), "ada");

  wanted = rules();
  wanted.algorithms = {Algorithm::rs256};
  EXPECT_EQ(outcome(Changes{}, wanted), "!unreadable") << "an algorithm the provider does not use";
}

TEST(IdToken, HashesByAlgorithm) {
  // Core appendix A.3 and A.6's examples.
  EXPECT_EQ(half_hash(Algorithm::rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ");
  EXPECT_EQ(
      half_hash(Algorithm::rs256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
      "LDktKdoQak3Pk0cnXxCltA");
  for (std::size_t i = 0; i < crypto::kSignatureAlgorithms; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    const std::string_view name = to_string(algorithm);
    const std::size_t size = name.ends_with("256") ? 22 : name.ends_with("384") ? 32 : 43;
    EXPECT_EQ(half_hash(algorithm, "x").size(), size) << name;
  }
}

TEST(IdToken, Ed25519) {
  const crypto::SigningKey key = crypto::SigningKey::ed25519();
  const KeySet set = key_set({key.jwk(R"("kid":"1")")});
  IdTokenRules wanted = rules();
  wanted.algorithms = {Algorithm::eddsa};
  const auto signed_with = [&](Algorithm hash) {
    return token(R"({"alg":"EdDSA","kid":"1"})",
                 claims_with({{"at_hash", in_quotes(half_hash(hash, kAccess))}}), key,
                 Algorithm::eddsa);
  };
  EXPECT_TRUE(check_id_token(signed_with(Algorithm::rs512), set, wanted));
  EXPECT_EQ(check_id_token(signed_with(Algorithm::rs256), set, wanted).error().error,
            ProviderTokenError::wrong_hash);
}

TEST(IdToken, EveryErrorHasItsName) {
  for (int i = 0; i <= static_cast<int>(ProviderTokenError::no_token_id); ++i)
    EXPECT_NE(to_string(static_cast<ProviderTokenError>(i)), "unknown");
}

TEST(Email, OnePlainAddress) {
  struct Row {
    std::string json;
    std::string_view verified;  // "" when there is none
    std::string_view otherwise;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"email":"ada@example.com","email_verified":true})", "ada@example.com",
            "ada@example.com"},
           {R"({"email":"ada@example.com","email_verified":"true"})", "ada@example.com",
            "ada@example.com"},
           {R"({"email":"ada+x'y@example.com","email_verified":true})", "ada+x'y@example.com",
            "ada+x'y@example.com"},
           {R"({"email":"ada@example.com","email_verified":false})", "", "ada@example.com"},
           {R"({"email":"ada@example.com","email_verified":"false"})", "", "ada@example.com"},
           {R"({"email":"ada@example.com","email_verified":"TRUE"})", "", "ada@example.com"},
           {R"({"email":"ada@example.com","email_verified":1})", "", "ada@example.com"},
           {R"({"email":"ada@example.com","email_verified":null})", "", "ada@example.com"},
           {R"({"email":"ada@example.com"})", "", "ada@example.com"},
           {R"({"email_verified":true})", "", ""},
           {R"({"email":null,"email_verified":true})", "", ""},
           {R"({"email":["ada@example.com"],"email_verified":true})", "", ""},
           {R"({"email":"","email_verified":true})", "", ""},
           {R"({"email":"ada","email_verified":true})", "", ""},
           {R"({"email":"@","email_verified":true})", "", ""},
           {R"({"email":"@example.com","email_verified":true})", "", ""},
           {R"({"email":"ada@","email_verified":true})", "", ""},
           {R"({"email":"ada@evil.example@example.com","email_verified":true})", "", ""},
           {R"({"email":"ada@@example.com","email_verified":true})", "", ""},
           {R"({"email":"ada @example.com","email_verified":true})", "", ""},
           {R"({"email":" ada@example.com","email_verified":true})", "", ""},
           {R"({"email":"ada@example.com\n","email_verified":true})", "", ""},
           {R"({"email":"ada@example.com\u0000","email_verified":true})", "", ""},
           {R"({"email":"аda@example.com","email_verified":true})", "", ""},
           {R"({"email":"ada@ex\u0430mple.com","email_verified":true})", "", ""},
           {R"({"email":"ada\uFF20example.com","email_verified":true})", "", ""},
           {R"({"email":"ada@example.com\u200b","email_verified":true})", "", ""},
           {R"({"email":"a@)" + std::string(253, 'x') + R"(","email_verified":true})", "", ""},
       }) {
    const auto claims = Claims::parse(row.json);
    ASSERT_TRUE(claims) << row.json;
    EXPECT_EQ(email_of(*claims, true).value_or(""), row.verified) << row.json;
    EXPECT_EQ(email_of(*claims, false).value_or(""), row.otherwise) << row.json;
  }
}

}  // namespace
}  // namespace signet::identity
