#include "identity/aws_proofs.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/fetcher_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using Outcome = std::expected<Person, ProofFailure>;

constexpr const char* kGateway = "mlflow.example.com";

// The query of a proof with this signature; "f" stands for 64 of them.
std::string query(std::string_view signature, std::string_view date = "20150830T123600Z") {
  std::string whole(64 - signature.size(), 'f');
  return fmt::format(
      "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
      "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-1%2Fsts%2Faws4_request"
      "&X-Amz-Date={}&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-signet-gateway"
      "&X-Amz-Signature={}{}",
      date, whole, signature);
}
std::string body(const std::string& query) {
  return fmt::format(R"({{"url":"https://sts.eu-west-1.amazonaws.com/?{}",
                          "headers":{{"x-signet-gateway":"{}"}}}})",
                     query, kGateway);
}

std::string answer(std::string_view arn) {
  return fmt::format(
      "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{}</Arn><UserId>AROA:s</UserId>"
      "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
      arn);
}
constexpr const char* kRole = "arn:aws:sts::123456789012:assumed-role/train-a/s";

// Answers everything alike, once it may.
class Sts final : public http::Fetcher {
 public:
  explicit Sts(runtime::EventLoop& loop) : loop_(loop) {}
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time) override {
    asked.push_back(std::move(request));
    while (holds)
      co_await released.wait(loop_);
    if (failure) co_return std::unexpected(*failure);
    http::FetchAnswer made;
    made.status = status;
    made.body = text;
    co_return made;
  }
  unsigned status = 200;
  std::string text = answer(kRole);
  std::optional<http::FetchFailure> failure;
  std::vector<http::FetchRequest> asked;
  bool holds = false;
  runtime::WaitList released;

 private:
  runtime::EventLoop& loop_;
};

class AwsProofsTest : public testing::Test {
 protected:
  AwsProofsTest() {
    config::AwsRole role;
    role.arn = "arn:aws:iam::123456789012:role/train-*";
    role.groups = {"training"};
    roles_.push_back(role);
  }
  static runtime::Task<void> keep(runtime::Task<Outcome> task, std::string& into) {
    const auto outcome = co_await std::move(task);
    into = outcome ? outcome->id : std::string(to_string(outcome.error().error));
  }
  void begin(AwsProofs& proofs, const std::string& query, std::string& into) {
    tasks_.start(keep(
        proofs.recognise(body(query), kGateway, roles_, runtime::after(loop_.now(), 60s)), into));
    turn();
  }
  void turn() {
    for (int i = 0; i < 12; ++i)
      loop_.run_once(0ms);
  }
  std::string ask(AwsProofs& proofs, const std::string& query) {
    std::string outcome = "waits";
    begin(proofs, query, outcome);
    return outcome;
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  Sts sts_{loop_};
  std::vector<config::AwsRole> roles_;
  runtime::TaskSet tasks_{loop_};
};

TEST_F(AwsProofsTest, AsksTheSignedHostTheSignedQuestion) {
  AwsProofs proofs(loop_, sts_, {});
  auto recognising =
      proofs.recognise(body(query("1")), kGateway, roles_, runtime::after(loop_.now(), 5s));
  const Outcome person = wait_for(loop_, std::move(recognising));
  ASSERT_TRUE(person) << person.error().detail;
  EXPECT_EQ(person->id, "aws:123456789012:role/train-a");
  EXPECT_EQ(person->name, "s");
  EXPECT_EQ(person->groups, std::vector<std::string>{"training"});
  ASSERT_EQ(sts_.asked.size(), 1u);
  EXPECT_EQ(sts_.asked[0].method, "GET");
  EXPECT_EQ(sts_.asked[0].url, "https://sts.eu-west-1.amazonaws.com/?" + query("1"));
  EXPECT_EQ(sts_.asked[0].body, "");
  EXPECT_EQ(sts_.asked[0].headers,
            (std::vector<std::pair<std::string, std::string>>{{"x-signet-gateway", kGateway}}));
}

TEST_F(AwsProofsTest, AStandInLearnsTheSignedHost) {
  AwsProofRules rules;
  rules.stand_in = "http://127.0.0.1:5001";
  AwsProofs proofs(loop_, sts_, rules);
  EXPECT_EQ(ask(proofs, query("1")), "aws:123456789012:role/train-a");
  EXPECT_EQ(sts_.asked[0].url, "http://127.0.0.1:5001/?" + query("1"));
  EXPECT_EQ(sts_.asked[0].headers[1], (std::pair<std::string, std::string>{
                                          "x-forwarded-host", "sts.eu-west-1.amazonaws.com"}));
}

TEST_F(AwsProofsTest, EachProofIsGoodOnce) {
  AwsProofs proofs(loop_, sts_, {});
  EXPECT_EQ(ask(proofs, query("1")), "aws:123456789012:role/train-a");
  EXPECT_EQ(ask(proofs, query("1")), "replayed");
  EXPECT_EQ(ask(proofs, query("2")), "aws:123456789012:role/train-a");
  sts_.failure = http::FetchFailure{http::FetchError::unreachable, "refused"};
  EXPECT_EQ(ask(proofs, query("3")), "unreachable");
  sts_.failure.reset();
  EXPECT_EQ(ask(proofs, query("3")), "replayed") << "also after STS could not be asked";
  EXPECT_EQ(sts_.asked.size(), 3u);
  clock_.advance(59s);
  turn();
  EXPECT_EQ(ask(proofs, query("1")), "replayed");
  clock_.advance(1s);
  turn();
  EXPECT_EQ(ask(proofs, query("1")), "wrong_time") << "forgotten, for it is too old";
}

TEST_F(AwsProofsTest, AProofIsUsedUpWhileStsIsAsked) {
  AwsProofs proofs(loop_, sts_, {});
  sts_.holds = true;
  std::string first = "waits";
  begin(proofs, query("1"), first);
  EXPECT_EQ(first, "waits");
  EXPECT_EQ(ask(proofs, query("1")), "replayed");
  sts_.holds = false;
  sts_.released.wake_all();
  turn();
  EXPECT_EQ(first, "aws:123456789012:role/train-a");
}

struct Answer {
  const char* what;
  unsigned status;
  std::string body;
  const char* outcome;
};

TEST_F(AwsProofsTest, WhatStsMayAnswer) {
  const std::string error =
      "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>";
  AwsProofs proofs(loop_, sts_, {});
  int signature = 10;
  for (const Answer& row : std::vector<Answer>{
           {"a redirect", 302, answer(kRole), "bad_answer"},
           {"another redirect", 307, "", "bad_answer"},
           {"another success", 202, answer(kRole), "bad_answer"},
           {"an error", 403, error, "refused"},
           {"an error in a success", 200, error, "refused"},
           {"a success in an error", 403, answer(kRole), "refused"},
           {"no XML in an error", 403, "no", "bad_answer"},
           {"too many", 429, error, "unavailable"},
           {"a fault", 500, error, "unavailable"},
           {"a fault with a good answer", 503, answer(kRole), "unavailable"},
           {"garbage", 200, "{}", "bad_answer"},
           {"huge", 200, answer(kRole) + std::string(kMaxCallerAnswer, ' '), "bad_answer"},
           {"a user", 200, answer("arn:aws:iam::123456789012:user/Alice"), "not_a_role"},
           {"root", 200, answer("arn:aws:iam::123456789012:root"), "not_a_role"},
           {"another role", 200, answer("arn:aws:sts::123456789012:assumed-role/other/s"),
            "unknown_role"},
           {"another account", 200, answer("arn:aws:sts::210987654321:assumed-role/train-a/s"),
            "bad_answer"},
           {"another partition", 200,
            answer("arn:aws-us-gov:sts::123456789012:assumed-role/train-a/s"), "bad_answer"},
           {"the role", 200, answer(kRole), "aws:123456789012:role/train-a"}}) {
    sts_.status = row.status;
    sts_.text = row.body;
    EXPECT_EQ(ask(proofs, query(fmt::format("{}", signature++))), row.outcome) << row.what;
  }
  struct Failure {
    http::FetchError error;
    const char* outcome;
  };
  for (const Failure& row : {Failure{http::FetchError::unreachable, "unreachable"},
                             Failure{http::FetchError::lost, "unreachable"},
                             Failure{http::FetchError::bad_url, "unreachable"},
                             Failure{http::FetchError::bad_response, "bad_answer"},
                             Failure{http::FetchError::timed_out, "timed_out"}}) {
    sts_.failure = http::FetchFailure{row.error, "why"};
    EXPECT_EQ(ask(proofs, query(fmt::format("{}", signature++))), row.outcome);
  }
}

TEST_F(AwsProofsTest, ABadProofAsksNobody) {
  AwsProofs proofs(loop_, sts_, {});
  EXPECT_EQ(ask(proofs, query("1") + "&x=y"), "bad_query");
  EXPECT_EQ(sts_.asked.size(), 0u);
  EXPECT_EQ(ask(proofs, query("1")), "aws:123456789012:role/train-a") << "and uses up nothing";
}

TEST_F(AwsProofsTest, StsIsNotWaitedForForEver) {
  AwsProofs proofs(loop_, sts_, {});
  sts_.holds = true;
  std::string outcome = "waits";
  begin(proofs, query("1"), outcome);
  clock_.advance(4s);
  turn();
  EXPECT_EQ(outcome, "waits");
  clock_.advance(2s);
  turn();
  EXPECT_EQ(outcome, "timed_out");
}

TEST_F(AwsProofsTest, SoManyAtOnce) {
  AwsProofRules rules;
  rules.in_flight = 3;
  AwsProofs proofs(loop_, sts_, rules);
  sts_.holds = true;
  std::vector<std::string> outcomes(4, "waits");
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    begin(proofs, query(fmt::format("{}", i)), outcomes[i]);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"waits", "waits", "waits", "busy"}));
  sts_.holds = false;
  sts_.released.wake_all();
  turn();
  EXPECT_EQ(outcomes[2], "aws:123456789012:role/train-a");
  EXPECT_EQ(ask(proofs, query("3")), "aws:123456789012:role/train-a")
      << "what was too much was not used up";
}

TEST_F(AwsProofsTest, WhoeverGivesUpLeavesRoom) {
  AwsProofRules rules;
  rules.in_flight = 1;
  AwsProofs proofs(loop_, sts_, rules);
  sts_.holds = true;
  std::string outcome = "waits";
  begin(proofs, query("1"), outcome);
  tasks_.cancel_all();
  sts_.holds = false;
  EXPECT_EQ(ask(proofs, query("2")), "aws:123456789012:role/train-a");
}

TEST_F(AwsProofsTest, StsIsAskedAtABoundedRate) {
  AwsProofRules rules;
  rules.burst = 5;
  rules.each = 100ms;
  AwsProofs proofs(loop_, sts_, rules);
  int busy = 0;
  for (int i = 0; i < 200; ++i) {
    busy += ask(proofs, query(fmt::format("{}", 1000 + i))) == "busy" ? 1 : 0;
    clock_.advance(10ms);
    turn();
  }
  // Five at once, and 20 in two seconds.
  EXPECT_NEAR(static_cast<double>(sts_.asked.size()), 25, 1);
  EXPECT_EQ(busy, 200 - static_cast<int>(sts_.asked.size()));
}

TEST_F(AwsProofsTest, SoManyAreRemembered) {
  AwsProofRules rules;
  rules.remembered = 3;
  AwsProofs proofs(loop_, sts_, rules);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask(proofs, query(fmt::format("{}", i))), "aws:123456789012:role/train-a");
  EXPECT_EQ(ask(proofs, query("9")), "busy") << "none is forgotten before its time";
  EXPECT_EQ(ask(proofs, query("0")), "replayed");
  clock_.advance(60s);
  turn();
  EXPECT_EQ(ask(proofs, query("9", "20150830T123700Z")), "aws:123456789012:role/train-a");
}

}  // namespace
}  // namespace signet::identity
