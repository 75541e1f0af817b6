#include "portal_api/aws_token_api.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/fetcher_for_tests.h"
#include "portal_api/account_rig_for_tests.h"

namespace signet::portal_api {
namespace {

using namespace std::chrono_literals;

constexpr const char* kStandIn = "http://127.0.0.1:5001";
constexpr const char* kRole = "arn:aws:sts::123456789012:assumed-role/train-a/worker-7";

// STS, which says the same to everything.
class Sts final : public http::Fetcher {
 public:
  explicit Sts(runtime::EventLoop& loop) : loop_(loop) {}
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest, runtime::Time) override {
    ++asked;
    while (holds)
      co_await released.wait(loop_);
    if (failure) co_return std::unexpected(*failure);
    http::FetchAnswer answer;
    answer.status = status;
    answer.body = fmt::format(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{}</Arn><UserId>AROA:s</UserId>"
        "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        arn);
    co_return answer;
  }
  unsigned status = 200;
  std::string arn = kRole;
  std::optional<http::FetchFailure> failure;
  bool holds = false;
  runtime::WaitList released;
  int asked = 0;

 private:
  runtime::EventLoop& loop_;
};

class AwsTokenApiTest : public ::testing::Test, protected AccountRig {
 protected:
  AwsTokenApiTest() {
    config->public_url = *config::parse_url("https://mlflow.example.com");
    config::AwsRole role;
    role.arn = "arn:aws:iam::123456789012:role/train-*";
    role.groups = {"training"};
    config->identity.aws_roles.push_back(role);
    clock.set_unix_seconds(kProofTime);
    loop.run_once(0ms);
  }

  // 2015-08-30T12:36:00Z, when the proofs below were made.
  static constexpr std::int64_t kProofTime = 1'440'938'160;

  // Each call has a proof of its own.
  std::string proof(const std::string& gateway = "mlflow.example.com") {
    return fmt::format(
        R"({{"url":"https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity)"
        "&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-1%2Fsts%2Faws4_request"
        "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60"
        "&X-Amz-SignedHeaders=host%3Bx-signet-gateway&X-Amz-Signature={:064x}"
        R"(","headers":{{"x-signet-gateway":"{}"}}}})",
        ++proofs_made, gateway);
  }
  ApiAnswer make(const std::string& body) {
    return get(aws_tokens.make(post_json("/tokens/aws", body, std::nullopt), config));
  }
  std::string make_said(const std::string& body) { return said(make(body)); }

  static identity::AwsProofRules rules() {
    identity::AwsProofRules made;
    made.stand_in = kStandIn;
    return made;
  }
  int proofs_made = 0;
  std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
  Sts sts{loop};
  identity::AwsProofs proofs{loop, sts, rules()};
  AwsTokenApi aws_tokens{loop, proofs, *store, random, clock};
};

TEST_F(AwsTokenApiTest, GivesATokenForAnHour) {
  const ApiAnswer answer = make(proof());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(text(answer, "token_type"), "Bearer");
  EXPECT_EQ(number(answer, "expires_in"), 3600);
  const std::string secret = text(answer, "access_token");
  EXPECT_EQ(opens(secret), "aws:123456789012:role/train-a");
  const state::Token* token = store->snapshot()->find_token(identity::token_hash(secret));
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->kind, state::TokenKind::role);
  EXPECT_EQ(token->title, "worker-7");
  EXPECT_EQ(token->groups, std::vector<std::string>{"training"});
  EXPECT_EQ(token->made_at, kProofTime);
  EXPECT_EQ(token->expires, kProofTime + 3600);
  ASSERT_TRUE(answer.event);
  EXPECT_EQ(answer.event->event, "token-made");
  EXPECT_EQ(answer.event->person, "aws:123456789012:role/train-a");
  EXPECT_EQ(answer.event->detail, token->id + " kind=role session=worker-7");
  EXPECT_EQ(answer.event->detail.find(secret), std::string::npos);
}

TEST_F(AwsTokenApiTest, NoLongerThanTheConfigurationSays) {
  config->identity.tokens.max_lifetime = 600s;
  const ApiAnswer answer = make(proof());
  EXPECT_EQ(number(answer, "expires_in"), 600);
}

TEST_F(AwsTokenApiTest, RefusesWhatIsNoCallOfIt) {
  struct Row {
    const char* name;
    std::function<void(ApiCall&)> change;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {"GET", [](ApiCall& call) { call.method = http::Method::get; },
            "405: This address takes POST and nothing else."},
           {"a query", [](ApiCall& call) { call.query = "a=b"; },
            "400 bad-request: This address takes no query."},
           {"a form",
            [](ApiCall& call) { call.content_type = "application/x-www-form-urlencoded"; },
            "415 bad-request: The Content-Type is to be application/json."},
           {"too large", [](ApiCall& call) { call.body = std::string(kMaxApiBody + 1, ' '); },
            "413 too-large: The body is too large."},
           {"nothing", [](ApiCall& call) { call.body = ""; },
            "401 unauthenticated: The proof is not valid here."},
           {"garbage", [](ApiCall& call) { call.body = "{]"; },
            "401 unauthenticated: The proof is not valid here."}}) {
    SCOPED_TRACE(row.name);
    ApiCall call = post_json("/tokens/aws", proof(), std::nullopt);
    row.change(call);
    const ApiAnswer answer = get(aws_tokens.make(call, config));
    EXPECT_EQ(said(answer), row.expected);
    EXPECT_FALSE(answer.event);
  }
  EXPECT_EQ(sts.asked, 0);
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(AwsTokenApiTest, OnlyRolesOfTheConfiguration) {
  sts.arn = "arn:aws:sts::123456789012:assumed-role/other/s";
  EXPECT_EQ(make_said(proof()), "401 unauthenticated: The proof is not valid here.");
  EXPECT_EQ(make_said(proof("other.example.com")),
            "401 unauthenticated: The proof is not valid here.");
  config->identity.aws_roles.clear();
  const ApiAnswer answer = make(proof());
  EXPECT_EQ(said(answer), "403 forbidden: No AWS role is known here.");
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(AwsTokenApiTest, WhatStsSays) {
  struct Row {
    const char* name;
    unsigned status;
    std::optional<http::FetchError> failure;
    const char* expected;
  };
  const char* later = "503 overloaded: The proof could not be put to AWS just now.";
  const char* no = "401 unauthenticated: The proof is not valid here.";
  for (const Row& row : std::vector<Row>{{"no", 403, {}, no},
                                         {"later", 503, {}, later},
                                         {"too many", 429, {}, later},
                                         {"unreachable", 0, http::FetchError::unreachable, later},
                                         {"late", 0, http::FetchError::timed_out, later}}) {
    SCOPED_TRACE(row.name);
    sts.status = row.status;
    sts.failure.reset();
    if (row.failure) sts.failure = http::FetchFailure{*row.failure, "scripted"};
    const ApiAnswer answer = make(proof());
    EXPECT_EQ(said(answer), row.expected) << answer.detail;
    EXPECT_FALSE(answer.event);
    EXPECT_TRUE(answer.detail.starts_with("AWS proof: ")) << answer.detail;
  }
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(AwsTokenApiTest, AProofIsGoodOnce) {
  const std::string body = proof();
  EXPECT_EQ(make_said(body), "200");
  const ApiAnswer again = make(body);
  EXPECT_EQ(said(again), "503 overloaded: The proof could not be put to AWS just now.");
  EXPECT_EQ(again.retry_after, 1) << "with another proof: those of one second are the same";
  EXPECT_EQ(store->snapshot()->tokens(), 1u);
}

TEST_F(AwsTokenApiTest, SaysSoWhenTheStoreTakesNothing) {
  std::filesystem::rename(path, path + ".away");
  const ApiAnswer answer = make(proof());
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after, 5);
  EXPECT_FALSE(answer.event) << "nothing was made";
  EXPECT_EQ(answer.body.find("access_token"), std::string::npos);
}

TEST_F(AwsTokenApiTest, OneRoleFillsNotTheStore) {
  std::vector<state::Token> many(kMostRoleTokens);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = state::token_of(fmt::format("{:016x}", i), "aws:123456789012:role/train-a");
    many[i].kind = state::TokenKind::role;
    many[i].expires = kProofTime + 100;
  }
  ASSERT_TRUE(get(store->replace_token("", many)));
  const ApiAnswer refusal = make(proof());
  EXPECT_EQ(said(refusal), "429 rate-limited: This role has too many tokens: use them longer.");
  EXPECT_GT(refusal.retry_after, 0);
  sts.arn = "arn:aws:sts::123456789012:assumed-role/train-b/s";
  EXPECT_EQ(make_said(proof()), "200") << "others may have theirs";
  ASSERT_TRUE(get(store->revoke_token(many[0].id)));
  sts.arn = kRole;
  EXPECT_EQ(make_said(proof()), "200") << "those that have ended do not count";
}

// The caller leaves while STS or the store is asked; the configuration is replaced meanwhile.
TEST_F(AwsTokenApiTest, MayBeDestroyedAtAnyTime) {
  sts.holds = true;
  {
    runtime::TaskSet tasks(loop);
    std::optional<ApiAnswer> answer;
    tasks.start(
        keep(aws_tokens.make(post_json("/tokens/aws", proof(), std::nullopt), config), answer));
    EXPECT_TRUE(turn_until([&] { return sts.asked == 1; }));
  }
  sts.holds = false;
  sts.released.wake_all();
  for (int i = 0; i < 10; ++i)
    loop.run_once(0ms);
  EXPECT_EQ(store->snapshot()->tokens(), 0u);

  sts.holds = true;
  runtime::TaskSet tasks(loop);
  std::optional<ApiAnswer> answer;
  tasks.start(
      keep(aws_tokens.make(post_json("/tokens/aws", proof(), std::nullopt), config), answer));
  EXPECT_TRUE(turn_until([&] { return sts.asked == 2; }));
  config = std::make_shared<config::Config>();
  sts.holds = false;
  sts.released.wake_all();
  EXPECT_TRUE(turn_until([&] { return answer.has_value(); }));
  EXPECT_EQ(said(*answer), "200");
}

}  // namespace
}  // namespace signet::portal_api
