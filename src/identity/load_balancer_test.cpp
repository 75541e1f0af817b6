#include "identity/load_balancer.h"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/load_balancer_rig_for_tests.h"

namespace signet::identity {
namespace {

TEST_F(LoadBalancerTest, APersonByThePaddedToken) {
  rules_.groups = {"people"};
  LoadBalancerIdentity identity(rules_, keys_view_, nullptr);
  Data data;
  data.claims["groups"] = R"(["a","b","a"])";
  const Sent sent{{data.text()}, {"abc-1"}, {"opaque"}};
  EXPECT_TRUE(sent.data[0].contains('='));
  const auto first = ask(identity, sent);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ((*first)->id, "ada@example.com");
  EXPECT_EQ((*first)->name, "Ada");
  EXPECT_EQ((*first)->groups, (std::vector<std::string>{"people", "a", "b"}));
  EXPECT_EQ(*ask(identity, sent), *first) << "the same object: it was remembered";
}

TEST_F(LoadBalancerTest, EitherSpellingButNoMixture) {
  Data data;
  data.pads = false;
  EXPECT_EQ(outcome(data.text()), "ada@example.com");
  int mixed = 0;
  for (const std::string more : {"", "x", "xx"}) {
    data.pads = true;
    data.claims["name"] = in_quotes("Ada" + more);
    const std::string text = data.text();
    EXPECT_EQ(outcome(text), "ada@example.com");
    // One part without its padding, or with one "=" more or less.
    for (std::size_t at = text.find('='); at != text.npos; at = text.find('=', at + 1)) {
      std::string less = text;
      less.erase(at, 1);
      EXPECT_TRUE(outcome(less).contains("base64url")) << less;
      std::string escaped = text;
      escaped.replace(at, 1, "%3D");
      EXPECT_TRUE(outcome(escaped).contains("base64url"));
      ++mixed;
    }
    EXPECT_TRUE(outcome(text + "=").contains("base64url"));
    EXPECT_TRUE(outcome(text + "====").contains("base64url"));
  }
  EXPECT_GT(mixed, 5);
}

TEST_F(LoadBalancerTest, NobodyAtAll) {
  LoadBalancerIdentity identity(rules_, keys_view_, nullptr);
  EXPECT_EQ(said(ask(identity, {})), "nobody");
  EXPECT_FALSE(ask(identity, {{}, {"abc-1"}, {}}));
  EXPECT_FALSE(ask(identity, {{}, {}, {"token"}}));
  EXPECT_FALSE(ask(identity, {{""}, {}, {}}));
  EXPECT_FALSE(ask(identity, {{""}, {"abc-1"}, {"token"}}));
}

TEST_F(LoadBalancerTest, NoFieldTwice) {
  LoadBalancerIdentity identity(rules_, keys_view_, nullptr);
  const std::string good = Data().text();
  ASSERT_TRUE(ask(identity, {{good}, {"abc-1"}, {"a"}}));
  for (const Sent& sent :
       {Sent{{good, good}, {"abc-1"}, {"a"}}, Sent{{good}, {"abc-1", "abc-1"}, {"a"}},
        Sent{{good}, {"abc-1"}, {"a", "a"}}, Sent{{good, ""}, {"abc-1"}, {}},
        Sent{{"", good}, {"abc-1"}, {}}}) {
    const auto refused = ask(identity, sent);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().detail.contains("twice"));
  }
}

struct HeaderRow {
  const char* what;
  const char* name;
  std::string value;  // "": without it
  const char* detail;
};

TEST_F(LoadBalancerTest, WhatTheHeaderMustSay) {
  const std::string other_account =
      "arn:aws:elasticloadbalancing:eu-west-1:210987654321:loadbalancer/app/mlflow/"
      "0123456789abcdef";
  for (const HeaderRow& row : std::vector<HeaderRow>{
           {"another load balancer", "signer", in_quotes(std::string(kSigner) + "0"), "signer"},
           {"another account's", "signer", in_quotes(other_account), "signer"},
           {"in capitals", "signer", in_quotes("ARN" + std::string(kSigner).substr(3)), "signer"},
           {"a list", "signer", fmt::format("[\"{}\"]", kSigner), "signer"},
           {"no signer", "signer", "", "signer"},
           {"another client", "client", in_quotes("client-2"), "client"},
           {"no client", "client", "", "client"},
           {"another issuer", "iss", in_quotes(std::string(kIssuer) + "/"), "issuer"},
           {"no issuer", "iss", "", "issuer"},
           {"no expiry", "exp", "", "expires"},
           {"expired", "exp", std::to_string(kNow - 60), "expired"},
           {"an expiry as a text", "exp", in_quotes(std::to_string(kNow + 60)), "number"},
           {"an expiry far away", "exp", "1e300", "number"},
           {"none", "alg", in_quotes("none"), "algorithm"},
           {"RSA", "alg", in_quotes("RS256"), "algorithm"},
           {"HMAC", "alg", in_quotes("HS256"), "algorithm"},
           {"another curve", "alg", in_quotes("ES384"), "algorithm"},
           {"lower case", "alg", in_quotes("es256"), "algorithm"},
           {"no algorithm", "alg", "", "algorithm"},
           {"no key", "kid", "", "UUID"},
           {"a path as key", "kid", in_quotes("../x"), "UUID"},
           {"a URL as key", "kid", in_quotes("https://evil.example/0"), "UUID"},
           {"a key in capitals", "kid", in_quotes("0AEB9F3C-2E26-4A7C-9D4D-0C3F7A5F9F11"), "UUID"},
           {"a key and more", "kid", in_quotes(std::string(kKeyId) + "/"), "UUID"},
           {"a critical extension", "crit", R"(["exp"])", "crit"}}) {
    Data data;
    if (row.value.empty()) {
      data.header.erase(row.name);
    } else {
      data.header[row.name] = row.value;
    }
    const std::string said = outcome(data.text());
    EXPECT_TRUE(said.contains(row.detail)) << row.what << ": " << said;
    EXPECT_FALSE(said.contains('@')) << row.what;
  }
  Data data;
  data.header["exp"] = std::to_string(kNow - 59);
  EXPECT_EQ(outcome(data.text()), "ada@example.com") << "a minute of leeway";
}

TEST_F(LoadBalancerTest, OnlyItsKeyCounts) {
  EXPECT_TRUE(outcome(Data().text(other_p256_key())).contains("signature"));
  Data data;
  data.header["jwk"] = other_p256_key().jwk();
  EXPECT_TRUE(outcome(data.text(other_p256_key())).contains("signature"));
  const std::string good = Data().text();
  const std::string input = good.substr(0, good.rfind('.'));
  for (const std::string& signature :
       {std::string(64, '\0'), std::string(63, 'x'), std::string(65, 'x'),
        p256_key().sign_as_openssl_does(Algorithm::es256, input)}) {
    EXPECT_TRUE(outcome(input + "." + padded(signature)).contains("signature"));
  }
  Data richer;
  richer.claims["groups"] = R"(["admins"])";
  EXPECT_TRUE(outcome(input.substr(0, input.find('.')) + "." + padded(json(richer.claims)) +
                      good.substr(good.rfind('.')))
                  .contains("signature"));
  // Signed as it is not sent.
  Data plain;
  plain.pads = false;
  const std::string unpadded = plain.text();
  const std::string signature = unpadded.substr(unpadded.rfind('.') + 1);
  if (input.contains('=')) {
    EXPECT_TRUE(outcome(input + "." + signature + "==").contains("signature"));
  }
}

TEST_F(LoadBalancerTest, AnUnknownKeyIsAskedForOnlyByATokenThatCouldBeOurs) {
  LoadBalancerIdentity identity(rules_, keys_view_, nullptr);
  const std::string other = "0aeb9f3c-2e26-4a7c-9d4d-0c3f7a5f9f12";
  Data data;
  data.header["kid"] = in_quotes(other);
  const auto unknown = ask(identity, {{data.text(other_p256_key())}, {"abc-1"}, {}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().renew_key, other);
  EXPECT_EQ(unknown.error().renew_issuer, "");
  for (const char* name : {"signer", "client", "iss", "exp"}) {
    Data bad = data;
    bad.header[name] = name == std::string("exp") ? "1" : in_quotes("x");
    EXPECT_EQ(ask(identity, {{bad.text()}, {"abc-1"}, {}}).error().renew_key, "") << name;
  }
  fetcher_.answers[fmt::format("{}/{}", kAddress, other)] = {200, other_p256_key().pem()};
  fetch_key(other);
  EXPECT_EQ(said(ask(identity, {{data.text(other_p256_key())}, {"abc-1"}, {}})), "ada@example.com");
}

struct ClaimRow {
  const char* what;
  std::function<void(Data&, config::LoadBalancer&)> change;
  const char* outcome;
};

TEST_F(LoadBalancerTest, WhatTheClaimsMustSay) {
  const auto without = [](const char* name) {
    return [name](Data& data, config::LoadBalancer&) { data.claims.erase(name); };
  };
  const auto with = [](const char* name, std::string value) {
    return [name, value](Data& data, config::LoadBalancer&) { data.claims[name] = value; };
  };
  const config::LoadBalancer before = rules_;
  for (const ClaimRow& row : std::vector<ClaimRow>{
           {"verified as a boolean", with("email_verified", "true"), "ada@example.com"},
           {"not verified", with("email_verified", "false"),
            "the claim email is no address, or not verified"},
           {"not verified, as a text", with("email_verified", in_quotes("false")),
            "the claim email is no address, or not verified"},
           {"verified as a number", with("email_verified", "1"),
            "the claim email is no address, or not verified"},
           {"not said to be verified", without("email_verified"),
            "the claim email is no address, or not verified"},
           {"not verified, which is allowed",
            [](Data& data, config::LoadBalancer& rules) {
              data.claims.erase("email_verified");
              rules.unverified_email = true;
            },
            "ada@example.com"},
           {"no address", with("email", in_quotes("ada")),
            "the claim email is no address, or not verified"},
           {"two addresses", with("email", in_quotes("a@evil@example.com")),
            "the claim email is no address, or not verified"},
           {"no email", without("email"), "the claim email is no address, or not verified"},
           {"another claim",
            [](Data& data, config::LoadBalancer& rules) {
              data.claims.erase("email");
              rules.claims.person = "sub";
            },
            "abc-1"},
           {"a role of AWS",
            [](Data& data, config::LoadBalancer& rules) {
              data.claims["username"] = in_quotes("aws:123456789012:role/train");
              rules.claims.person = "username";
            },
            "the claim username begins as the ids of AWS roles do"},
           {"what is required",
            [](Data& data, config::LoadBalancer& rules) {
              data.claims["hd"] = in_quotes("example.com");
              rules.require = {{"hd", {"example.com"}}};
            },
            "ada@example.com"},
           {"what is required and absent",
            [](Data&, config::LoadBalancer& rules) { rules.require = {{"hd", {"example.com"}}}; },
            "the claim hd is not what is required"},
           {"no subject", without("sub"),
            "x-amzn-oidc-identity is not the subject of x-amzn-oidc-data"},
           {"another subject", with("sub", in_quotes("abc-2")),
            "x-amzn-oidc-identity is not the subject of x-amzn-oidc-data"},
           {"a subject that is a number", with("sub", "1"),
            "x-amzn-oidc-identity is not the subject of x-amzn-oidc-data"},
           {"groups that are none", with("groups", "{}"),
            "the claim groups is no list of texts, or too long"},
           {"a claim twice", with("x\":1,\"x", "2"),
            "x-amzn-oidc-data has claims that are a JSON member that is there twice"}}) {
    rules_ = before;
    Data data;
    row.change(data, rules_);
    EXPECT_EQ(outcome(data.text()), row.outcome) << row.what;
  }
}

TEST_F(LoadBalancerTest, WhatIsNoToken) {
  for (const std::string& text :
       {std::string("x"), std::string("a.b.c"), std::string(".."), std::string("===="),
        std::string("a.b.c.d.e"), std::string(20000, 'a'), "Bearer " + Data().text(),
        Data().text() + ".", Data().text() + ", " + Data().text()}) {
    EXPECT_TRUE(outcome(text).starts_with("x-amzn-oidc-data: ")) << text.substr(0, 40);
  }
}

TEST_F(LoadBalancerTest, GroupsComeFromTheVerifiedAccessToken) {
  LoadBalancerIdentity identity(rules_, keys_view_, &book_view_);
  const auto person = ask(identity, {{Data().text()}, {"abc-1"}, {Access().text()}});
  ASSERT_TRUE(person) << person.error().detail;
  EXPECT_EQ((*person)->groups, (std::vector<std::string>{"team-a", "team-b"}));
  // Claims of their own come first, and then nothing else is looked at.
  Data data;
  data.claims["groups"] = R"(["own"])";
  const auto own = ask(identity, {{data.text()}, {"abc-1"}, {"garbage"}});
  ASSERT_TRUE(own) << own.error().detail;
  EXPECT_EQ((*own)->groups, std::vector<std::string>{"own"});
  // Without the issuer's keys they are nobody's.
  LoadBalancerIdentity without(rules_, keys_view_, nullptr);
  EXPECT_TRUE((*ask(without, {{Data().text()}, {"abc-1"}, {Access().text()}}))->groups.empty());
  // They can be required.
  rules_.require = {{"cognito:groups", {"team-b"}}};
  EXPECT_EQ(outcome(Data().text(), Access().text(), kNow, true), "ada@example.com");
  rules_.require = {{"groups", {"team-c"}}};
  EXPECT_EQ(outcome(Data().text(), Access().text(), kNow, true),
            "the claim groups is not what is required");
}

struct AccessRow {
  const char* what;
  std::function<void(Access&)> change;
  const char* detail;
};

TEST_F(LoadBalancerTest, WhatTheAccessTokenMustBe) {
  const auto with = [](const char* name, std::string value) {
    return [name, value](Access& access) { access.claims[name] = value; };
  };
  const auto without = [](const char* name) {
    return [name](Access& access) { access.claims.erase(name); };
  };
  for (const AccessRow& row : std::vector<AccessRow>{
           {"good", [](Access&) {}, "ada@example.com"},
           {"of nobody's groups", without("cognito:groups"), "ada@example.com"},
           {"by aud",
            [](Access& access) {
              access.claims.erase("client_id");
              access.claims["aud"] = R"(["client-1"])";
            },
            "ada@example.com"},
           {"for another", with("client_id", in_quotes("client-2")), "for another client"},
           {"for another and us",
            [](Access& access) {
              access.claims["client_id"] = in_quotes("client-2");
              access.claims["aud"] = in_quotes("client-1");
            },
            "for another client"},
           {"for nobody", without("client_id"), "for another client"},
           {"of another issuer", with("iss", in_quotes("https://evil.example")),
            "of another issuer"},
           {"of no issuer", without("iss"), "of another issuer"},
           {"of another person", with("sub", in_quotes("abc-2")), "of another person"},
           {"of nobody", without("sub"), "of another person"},
           {"an ID token", with("token_use", in_quotes("id")), "no access token"},
           {"expired", with("exp", std::to_string(kNow - 60)), "expired"},
           {"without an end", without("exp"), "expires"},
           {"of the future", with("nbf", std::to_string(kNow + 61)), "not valid yet"},
           {"of strange groups", with("cognito:groups", "1"), "no list of texts"},
           {"unsigned", [](Access& access) { access.header["alg"] = in_quotes("none"); },
            "algorithm"},
           {"a logout token",
            [](Access& access) { access.header["typ"] = in_quotes("logout+jwt"); }, "logout"}}) {
    Access access;
    row.change(access);
    const std::string said = outcome(Data().text(), access.text(), kNow, true);
    EXPECT_TRUE(said.contains(row.detail)) << row.what << ": " << said;
  }
  EXPECT_TRUE(outcome(Data().text(), "", kNow, true).contains("absent"));
  EXPECT_TRUE(outcome(Data().text(), "opaque", kNow, true).contains("compact"));
  EXPECT_TRUE(
      outcome(Data().text(), Access().text(other_rsa_key()), kNow, true).contains("signature"));
}

TEST_F(LoadBalancerTest, AnUnknownKeyOfTheIssuerIsAskedFor) {
  LoadBalancerIdentity identity(rules_, keys_view_, &book_view_);
  Access access;
  access.header["kid"] = in_quotes("new");
  const auto refused = ask(identity, {{Data().text()}, {"abc-1"}, {access.text()}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().renew_issuer, kIssuer);
  EXPECT_EQ(refused.error().renew_key, "");
  book_.set_issuers({});
  const auto unknown = ask(identity, {{Data().text()}, {"abc-1"}, {Access().text()}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().renew_issuer, kIssuer);
}

TEST_F(LoadBalancerTest, WhatIsRememberedEnds) {
  LoadBalancerIdentity identity(rules_, keys_view_, &book_view_);
  const Sent sent{{Data().text()}, {"abc-1"}, {Access().text()}};
  const auto first = ask(identity, sent);
  ASSERT_TRUE(first);
  EXPECT_EQ(*ask(identity, sent, kNow + 179), *first);
  EXPECT_FALSE(ask(identity, sent, kNow + 180)) << "the token has ended";
  ASSERT_TRUE(ask(identity, sent));
  EXPECT_FALSE(ask(identity, {sent.data, {"abc-2"}, sent.access})) << "another subject";
  EXPECT_FALSE(ask(identity, {sent.data, {}, sent.access})) << "no subject";
  EXPECT_FALSE(ask(identity, {sent.data, sent.identity, {}})) << "no access token";
  Access richer;
  richer.claims["cognito:groups"] = R"(["admins"])";
  EXPECT_FALSE(ask(identity, {sent.data, sent.identity, {richer.text(other_rsa_key())}}));
  EXPECT_EQ((*ask(identity, {sent.data, sent.identity, {richer.text()}}))->groups,
            std::vector<std::string>{"admins"});
  // An access token that ends before ends what was known by it.
  Access brief;
  brief.claims["exp"] = std::to_string(kNow + 10);
  const Sent short_lived{sent.data, sent.identity, {brief.text()}};
  ASSERT_TRUE(ask(identity, short_lived));
  EXPECT_TRUE(ask(identity, short_lived, kNow + 69));
  EXPECT_FALSE(ask(identity, short_lived, kNow + 70));
  // Other keys end everything.
  ASSERT_TRUE(ask(identity, sent));
  keys_.set_address(std::nullopt);
  EXPECT_EQ(ask(identity, sent).error().renew_key, kKeyId);
}

TEST_F(LoadBalancerTest, NewKeysOfTheIssuerEndWhatIsRemembered) {
  LoadBalancerIdentity identity(rules_, keys_view_, &book_view_);
  const Sent sent{{Data().text()}, {"abc-1"}, {Access().text()}};
  ASSERT_TRUE(ask(identity, sent));
  fetcher_.answers[fmt::format("{}/jwks", kIssuer)].second =
      key_set_json({other_rsa_key().jwk(R"("kid":"pool-2")")});
  book_.set_issuers({});
  book_.set_issuers({{kIssuer, *config::parse_url(kIssuer)}});
  turn();
  EXPECT_EQ(ask(identity, sent).error().renew_issuer, kIssuer);
}

TEST_F(LoadBalancerTest, TheOldestOfTooManyIsForgotten) {
  rules_.claims.person = "sub";
  LoadBalancerIdentity identity(rules_, keys_view_, nullptr);
  const Sent first{{Data().text()}, {"abc-1"}, {}};
  const auto kept = ask(identity, first);
  ASSERT_TRUE(kept);
  std::string groups = "[";
  for (int i = 0; i < 90; ++i)
    groups += fmt::format("{}\"{:0>100}\"", i == 0 ? "" : ",", i);
  groups += "]";
  for (std::size_t i = 0; i < LoadBalancerIdentity::kMostKnownBytes / (90 * 100) + 10; ++i) {
    Data data;
    data.claims["groups"] = groups;
    data.claims["n"] = std::to_string(i);
    ASSERT_TRUE(ask(identity, {{data.text()}, {"abc-1"}, {}}));
  }
  const auto again = ask(identity, first);
  EXPECT_NE(*again, *kept) << "verified anew";
  EXPECT_EQ((*again)->id, "abc-1");
}

TEST(LoadBalancerNames, UserPoolsOfCognito) {
  for (const char* pool : {kIssuer, "https://cognito-idp.cn-north-1.amazonaws.com.cn/x"})
    EXPECT_TRUE(is_cognito_user_pool(pool)) << pool;
  for (const char* other :
       {"", "http://cognito-idp.eu-west-1.amazonaws.com/x", "https://login.example.com",
        "https://cognito-idp.evil.example", "https://evil.example/cognito-idp.amazonaws.com"})
    EXPECT_FALSE(is_cognito_user_pool(other)) << other;
}

}  // namespace
}  // namespace signet::identity
