#include "identity/bearer.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;

constexpr const char* kIssuer = "https://login.example.com";

class Documents final : public http::Fetcher {
 public:
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time) override {
    http::FetchAnswer answer;
    answer.status = 200;
    answer.body = request.url.ends_with("/keys")
                      ? keys
                      : fmt::format(R"({{"issuer": "{0}", "jwks_uri": "{0}/keys"}})", kIssuer);
    co_return answer;
  }
  std::string keys = key_set_json({p256_key().jwk(R"("kid":"1")")});
};

class NoObserver final : public KeyBookObserver {
 public:
  void fetched(std::string_view, const KeySet&) override {}
  void failed(std::string_view, const DiscoveryFailure&, bool) override {}
};

config::Identity an_identity() {
  config::Identity identity;
  identity.given = true;
  config::BearerIssuer issuer;
  issuer.issuer = kIssuer;
  issuer.url = *config::parse_url(kIssuer);
  issuer.audiences = {"signet"};
  identity.bearer.push_back(issuer);
  return identity;
}

class BearerTest : public testing::Test {
 protected:
  BearerTest() {
    clock_.set_unix_seconds(1'440'938'160);
    book_.set_issuers({{kIssuer, *config::parse_url(kIssuer)}});
    turn();
  }
  void turn() {
    for (int i = 0; i < 10; ++i)
      loop_.run_once(0ms);
  }
  std::string token_of(const std::string& person, const std::string& more = {},
                       std::int64_t lives = 600) {
    const std::string payload =
        fmt::format(R"({{"iss":"{}","aud":"signet","sub":"{}","exp":{}{}}})", kIssuer, person,
                    clock_.unix_seconds() + lives, more);
    return token(R"({"alg":"ES256","kid":"1"})", payload, p256_key(), Algorithm::es256);
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  Documents documents_;
  NoObserver observer_;
  KeyBook book_{loop_, documents_, observer_, {}, 1};
  KeyBookView view_{book_, loop_};
  config::Identity identity_ = an_identity();
  BearerTokens tokens_{identity_, view_, clock_};
};

TEST_F(BearerTest, AGoodTokenIsVerifiedOnce) {
  const std::string text = token_of("Ada@Example.com", R"(,"groups":["a","b","a"],"name":"Ada")");
  const auto first = tokens_.recognise(text);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ((*first)->id, "ada@example.com");
  EXPECT_EQ((*first)->name, "Ada");
  EXPECT_EQ((*first)->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*tokens_.recognise(text), *first) << "the same object: it was remembered";
}

TEST_F(BearerTest, WhatIsRememberedEndsToo) {
  const std::string text = token_of("ada", "", 60);
  ASSERT_TRUE(tokens_.recognise(text));
  clock_.set_unix_seconds(clock_.unix_seconds() + 119);
  EXPECT_TRUE(tokens_.recognise(text));
  clock_.set_unix_seconds(clock_.unix_seconds() + 1);
  EXPECT_FALSE(tokens_.recognise(text));
}

TEST_F(BearerTest, NewKeysEndWhatIsRemembered) {
  const std::string text = token_of("ada");
  ASSERT_TRUE(tokens_.recognise(text));
  documents_.keys = key_set_json({rsa_key().jwk(R"("kid":"2")")});
  book_.set_issuers({});
  book_.set_issuers({{kIssuer, *config::parse_url(kIssuer)}});
  turn();
  const auto refused = tokens_.recognise(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().renew, kIssuer) << "the issuer may have a newer set";
}

TEST_F(BearerTest, OnlyWhatNewKeysCouldMendAsksForThem) {
  const std::string good = token_of("ada");
  std::string forged = good;
  forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(tokens_.recognise(forged).error().renew, "");
  EXPECT_EQ(tokens_.recognise("abc").error().renew, "");
  EXPECT_EQ(tokens_.recognise(token_of("a@b@c")).error().renew, "");
  EXPECT_EQ(tokens_.recognise(token_of("ada", "", -61)).error().renew, "");
}

TEST_F(BearerTest, TheOldestOfTooManyIsForgotten) {
  const std::string first = token_of("first");
  const auto kept = tokens_.recognise(first);
  ASSERT_TRUE(kept);
  // Each takes about 12 KB.
  std::string groups = ",\"groups\":[";
  for (int i = 0; i < 90; ++i)
    groups += fmt::format("{}\"{:0>100}\"", i == 0 ? "" : ",", i);
  groups += "]";
  const std::size_t enough = BearerTokens::kMostKnownBytes / (90 * 100) + 10;
  for (std::size_t i = 0; i < enough; ++i)
    ASSERT_TRUE(tokens_.recognise(token_of(fmt::format("p{}", i), groups)));
  EXPECT_NE(*tokens_.recognise(first), *kept) << "verified anew";
  EXPECT_EQ((*tokens_.recognise(first))->id, "first");
}

TEST_F(BearerTest, OneIssuerForSeveralAudiences) {
  config::BearerIssuer other = identity_.bearer[0];
  other.audiences = {"other"};
  other.groups = {"others"};
  identity_.bearer.push_back(other);
  const std::string payload = fmt::format(R"({{"iss":"{}","aud":["other"],"sub":"ada","exp":{}}})",
                                          kIssuer, clock_.unix_seconds() + 60);
  const auto person = tokens_.recognise(
      token(R"({"alg":"ES256","kid":"1"})", payload, p256_key(), Algorithm::es256));
  ASSERT_TRUE(person) << person.error().detail;
  EXPECT_EQ((*person)->groups, std::vector<std::string>{"others"});
}

}  // namespace
}  // namespace signet::identity
