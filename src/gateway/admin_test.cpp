#include "gateway/admin.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/recorded_exchange.h"

namespace signet::gateway {
namespace {

using http::Method;
using http::RecordedExchange;

class ScriptedReadiness final : public Readiness {
 public:
  std::vector<std::string> reasons() const override { return why_not; }
  std::vector<std::string> why_not;
};

class NoBody final : public http::ByteSource {
 public:
  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t) override {
    co_return runtime::Buffer();
  }
  std::optional<std::uint64_t> length() const override { return 0; }
  void stop() override {}
};

class AdminTest : public testing::Test {
 protected:
  void ask(RecordedExchange& exchange, std::string_view host = "localhost",
           std::string_view bound = "127.0.0.1") {
    exchange.request.head.authority = {host, 9901};
    Admin admin(*runtime::Address::numeric(bound, 9901), registry_, readiness_, pulse_,
                [this] { ++scrapes_; });
    EXPECT_TRUE(exchange.run(admin.handle(exchange.request, no_body_, exchange.reply)));
    EXPECT_TRUE(exchange.reply.finished);
    EXPECT_EQ(exchange.reply.field("cache-control"), "no-store");
  }

  runtime::ManualClock clock_;
  runtime::EventLoop home_{clock_};
  runtime::EventLoop other_{clock_};
  Pulse pulse_{home_, {&other_}};
  watch::Registry registry_;
  ScriptedReadiness readiness_;
  NoBody no_body_;
  int scrapes_ = 0;
};

TEST_F(AdminTest, AnswersItsThreePathsAndNothingElse) {
  struct Case {
    Method method;
    std::string_view path;
    int status;
  };
  const std::vector<Case> cases{
      {Method::get, "/healthz", 200},    {Method::head, "/healthz", 200},
      {Method::get, "/readyz", 200},     {Method::get, "/metrics", 200},
      {Method::head, "/metrics", 200},   {Method::post, "/metrics", 405},
      {Method::delete_, "/readyz", 405}, {Method::options, "/healthz", 405},
      {Method::get, "/", 404},           {Method::post, "/", 404},
      {Method::get, "/metrics/", 404},   {Method::get, "/Metrics", 404},
      {Method::get, "/health", 404},     {Method::get, "*", 404},
  };
  for (const Case& c : cases) {
    RecordedExchange exchange(c.method, c.path);
    ask(exchange);
    EXPECT_EQ(exchange.reply.status, c.status) << c.path;
    EXPECT_EQ(exchange.reply.field("allow"), c.status == 405 ? "GET, HEAD" : "(none)");
  }
  EXPECT_EQ(scrapes_, 2);
}

TEST_F(AdminTest, AnswersOnlyToItsOwnNames) {
  struct Case {
    std::string_view bound;
    std::string_view host;
    bool ours;
  };
  const std::vector<Case> cases{
      {"127.0.0.1", "localhost", true},
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "[::1]", true},
      {"127.0.0.1", "attacker.example", false},
      {"127.0.0.1", "10.0.0.5", false},
      {"127.0.0.1", "localhost.attacker.example", false},
      {"127.0.0.1", "127.0.0.1.nip.io", false},
      {"127.0.0.1", "", false},
      {"10.0.0.5", "10.0.0.5", true},
      {"10.0.0.5", "localhost", true},
      {"10.0.0.5", "10.0.0.6", false},
      {"10.0.0.5", "gateway.internal", false},
      {"::1", "[::1]", true},
      {"::1", "[::2]", false},
      {"0.0.0.0", "10.1.2.3", true},
      {"0.0.0.0", "[2001:db8::1]", true},
      {"0.0.0.0", "attacker.example", false},
      {"::", "10.1.2.3", true},
      {"::", "attacker.example", false},
  };
  for (const Case& c : cases) {
    RecordedExchange exchange(Method::get, "/metrics");
    ask(exchange, c.host, c.bound);
    EXPECT_EQ(exchange.reply.status, c.ours ? 200 : 421) << c.bound << " asked as " << c.host;
  }
}

TEST_F(AdminTest, HealthFollowsTheLoops) {
  {
    RecordedExchange exchange(Method::get, "/healthz");
    ask(exchange);
    EXPECT_EQ(exchange.reply.body, "{\"status\": \"healthy\"}\n");
  }
  clock_.advance(std::chrono::seconds(6));
  home_.run_once(runtime::Duration::zero());
  {
    RecordedExchange exchange(Method::get, "/healthz");
    ask(exchange);
    EXPECT_EQ(exchange.reply.status, 503);
    EXPECT_EQ(exchange.reply.field("content-type"), "application/json");
  }
  other_.run_once(runtime::Duration::zero());
  {
    RecordedExchange exchange(Method::get, "/healthz");
    ask(exchange);
    EXPECT_EQ(exchange.reply.status, 200);
  }
}

TEST_F(AdminTest, ReadinessSaysWhyNot) {
  RecordedExchange ready(Method::get, "/readyz");
  ask(ready);
  EXPECT_EQ(ready.reply.body, "{\"status\": \"ready\"}\n");
  readiness_.why_not = {"draining", "no credentials for app \"x\"\n"};
  RecordedExchange not_ready(Method::get, "/readyz");
  ask(not_ready);
  EXPECT_EQ(not_ready.reply.status, 503);
  EXPECT_EQ(not_ready.reply.body,
            "{\"status\": \"not-ready\", \"reasons\": [\"draining\", "
            "\"no credentials for app \\\"x\\\"\\n\"]}\n");
}

TEST_F(AdminTest, MetricsOfAnySizeAreSentInPieces) {
  for (int i = 0; i < 2000; ++i)
    registry_.counter("signet_test_total", "A test.", {{"series", std::to_string(i)}});
  RecordedExchange exchange(Method::get, "/metrics");
  ask(exchange);
  EXPECT_EQ(exchange.reply.field("content-type"), watch::kMetricsType);
  EXPECT_EQ(exchange.reply.body, registry_.text());
  EXPECT_GT(exchange.reply.body.size(), 65536u);
  EXPECT_LE(exchange.reply.largest_piece, 65536u);
}

TEST_F(AdminTest, AMalformedHeadIsRefused) {
  Admin admin(*runtime::Address::numeric("127.0.0.1", 9901), registry_, readiness_, pulse_, {});
  struct Case {
    http::ParseError error;
    int status;
  };
  for (const Case& c :
       {Case{http::ParseError::bad_request_line, 400}, Case{http::ParseError::missing_host, 400},
        Case{http::ParseError::fields_too_large, 431}}) {
    RecordedExchange exchange;
    EXPECT_TRUE(exchange.run(admin.handle_malformed(exchange.request, c.error, exchange.reply)));
    EXPECT_EQ(exchange.reply.status, c.status);
    EXPECT_TRUE(exchange.reply.finished);
  }
}

TEST_F(AdminTest, OnlyContinueMayBeExpected) {
  RecordedExchange exchange(Method::get, "/metrics");
  exchange.request.head.expectation_failed = true;
  ask(exchange);
  EXPECT_EQ(exchange.reply.status, 417);
}

}  // namespace
}  // namespace signet::gateway
