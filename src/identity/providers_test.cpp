#include "identity/providers.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/sign_in_rig_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using Answer = std::expected<Providers::Metadata, DiscoveryFailure>;

class ProvidersTest : public ::testing::Test {
 protected:
  ProvidersTest() { says("one"); }

  // Metadata that can be told from others by its token endpoint.
  void says(const std::string& name) {
    fetcher.answers[kMetadataAddress] = {
        200, fmt::format(R"({{"issuer":"{0}","jwks_uri":"{0}/keys",)"
                         R"("authorization_endpoint":"{0}/authorize",)"
                         R"("token_endpoint":"https://login.example.com/{1}"}})",
                         kLoginIssuer, name)};
  }
  static runtime::Task<void> keep(runtime::Task<Answer> task, std::string& into) {
    const Answer answer = co_await std::move(task);
    into = answer ? (*answer)->token_endpoint.substr(kLoginIssuer.size() + 1)
                  : "!" + std::string(to_string(answer.error().error)) + " " +
                        answer.error().detail.substr(0, 12);
  }
  runtime::TaskSet::Entry* begin(std::string& into, runtime::Duration patience = 60s) {
    into = "waits";
    return tasks.start(
        keep(providers->metadata(provider, runtime::after(loop.now(), patience)), into));
  }
  std::string ask(runtime::Duration patience = 60s) {
    std::string said;
    begin(said, patience);
    turn();
    return said;
  }
  void turn() {
    for (int i = 0; i < 12; ++i)
      loop.run_once(0ms);
  }
  void pass(runtime::Duration time) {
    clock.advance(time);
    turn();
  }
  std::size_t asked() const { return fetcher.count(kMetadataAddress); }

  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  LateFetcher fetcher{loop};
  config::Provider provider = a_provider();
  std::optional<Providers> providers{std::in_place, loop, fetcher};
  runtime::TaskSet tasks{loop};
};

TEST_F(ProvidersTest, AreAskedOnceAnHour) {
  EXPECT_EQ(ask(), "one");
  says("two");
  pass(59min + 59s);
  EXPECT_EQ(ask(), "one");
  EXPECT_EQ(asked(), 1u);
  pass(1s);
  EXPECT_EQ(ask(), "two");
  EXPECT_EQ(asked(), 2u);
}

TEST_F(ProvidersTest, OneFetchServesAllWhoAskMeanwhile) {
  fetcher.held = {kMetadataAddress};
  std::vector<std::string> said(5);
  for (std::string& each : said)
    begin(each);
  turn();
  EXPECT_EQ(said, std::vector<std::string>(5, "waits"));
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_EQ(said, std::vector<std::string>(5, "one"));
  EXPECT_EQ(asked(), 1u);
}

TEST_F(ProvidersTest, AFetchGoesOnWhenWhoeverAskedFirstIsDestroyed) {
  fetcher.held = {kMetadataAddress};
  std::string first;
  std::string second;
  runtime::TaskSet::Entry* entry = begin(first);
  turn();
  begin(second);
  turn();
  tasks.cancel(entry);
  turn();
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_EQ(first, "waits");
  EXPECT_EQ(second, "one");
  EXPECT_EQ(asked(), 1u);
}

// Also when nobody is left; and what hangs ends with the whole.
TEST_F(ProvidersTest, MayBeDestroyedAtAnyTime) {
  fetcher.held = {kMetadataAddress};
  std::string said;
  runtime::TaskSet::Entry* entry = begin(said);
  turn();
  tasks.cancel(entry);
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_EQ(ask(), "one");
  EXPECT_EQ(asked(), 1u);
  pass(1h);
  fetcher.held = {kMetadataAddress};
  begin(said);
  turn();
  tasks.cancel_all();
  providers.reset();
  fetcher.let_go(kMetadataAddress);
  turn();
}

// The fetch has a deadline of its own: somebody in a hurry does not spoil it for the others.
TEST_F(ProvidersTest, EverybodyWaitsAsLongAsTheyLike) {
  fetcher.held = {kMetadataAddress};
  std::string hasty;
  std::string patient;
  begin(hasty, 3s);
  begin(patient, 8s);
  turn();
  pass(3s);
  EXPECT_EQ(hasty, "!timed_out the provider");
  EXPECT_EQ(patient, "waits");
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_EQ(patient, "one");
  EXPECT_EQ(asked(), 1u);
}

TEST_F(ProvidersTest, WhoeverIsDownIsNotAskedForEverybody) {
  struct Row {
    const char* name;
    std::optional<http::FetchError> failure;
    std::pair<unsigned, std::string> answer;
    const char* expected;
  };
  const std::vector<Row> rows{
      {"refused", http::FetchError::unreachable, {}, "!unreachable"},
      {"late", http::FetchError::timed_out, {}, "!timed_out"},
      {"502", {}, {502, ""}, "!bad_status"},
      {"no JSON", {}, {200, "<html>"}, "!bad_document"},
      {"another issuer", {}, {200, R"({"issuer":"https://evil.example"})"}, "!other_issuer"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    providers.emplace(loop, fetcher);
    fetcher.asked.clear();
    fetcher.failures.clear();
    if (row.failure) fetcher.failures[kMetadataAddress] = *row.failure;
    fetcher.answers[kMetadataAddress] = row.answer;
    const std::string first = ask();
    EXPECT_TRUE(first.starts_with(row.expected)) << first;
    EXPECT_EQ(ask(), first);
    pass(1999ms);
    EXPECT_EQ(ask(), first);
    EXPECT_EQ(asked(), 1u);
    fetcher.failures.clear();
    says("one");
    pass(1ms);
    EXPECT_EQ(ask(), "one");
    EXPECT_EQ(asked(), 2u);
  }
}

TEST_F(ProvidersTest, TheOldGoesOnWhileNothingNewerCanBeHad) {
  EXPECT_EQ(ask(), "one");
  pass(1h);
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  EXPECT_EQ(ask(), "one");
  EXPECT_EQ(ask(), "one");
  EXPECT_EQ(asked(), 2u);
  // It hangs: nobody waits long for what they can do without.
  fetcher.failures.clear();
  fetcher.held = {kMetadataAddress};
  says("two");
  pass(2s);
  std::string said;
  begin(said);
  turn();
  EXPECT_EQ(said, "waits");
  pass(2s);
  EXPECT_EQ(said, "one");
  EXPECT_EQ(asked(), 3u);
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_EQ(ask(), "two");
  EXPECT_EQ(asked(), 3u);
}

TEST_F(ProvidersTest, AHangingFetchEndsAfterEightSeconds) {
  fetcher.held = {kMetadataAddress};
  std::string said;
  begin(said);
  turn();
  pass(8s);
  EXPECT_TRUE(said.starts_with("!timed_out")) << said;
  fetcher.let_go(kMetadataAddress);
  pass(2s);
  EXPECT_EQ(ask(), "one");
}

TEST_F(ProvidersTest, AnotherAddressOfTheSameIssuerIsAnother) {
  EXPECT_EQ(ask(), "one");
  provider.url = *config::parse_url("https://login.example.com:8443");
  EXPECT_TRUE(ask().starts_with("!bad_status"));
  EXPECT_EQ(fetcher.count("https://login.example.com:8443/.well-known/openid-configuration"), 1u);
}

// Those of configurations that are gone take no memory; those that are in use stay.
TEST_F(ProvidersTest, AreForgottenWhenNobodyAsksForThem) {
  EXPECT_EQ(ask(), "one");
  fetcher.held = {"https://other.example/.well-known/openid-configuration"};
  config::Provider other = a_provider();
  other.issuer = "https://other.example";
  other.url = *config::parse_url(other.issuer);
  std::swap(provider, other);
  std::string waiting;
  begin(waiting, 24h);
  turn();
  pass(2h);
  config::Provider third = a_provider();
  third.url = *config::parse_url("https://third.example");
  provider = third;
  EXPECT_TRUE(ask().starts_with("!bad_status"));
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  std::swap(provider, other);
  EXPECT_TRUE(ask().starts_with("!unreachable")) << "it was forgotten";
}

}  // namespace
}  // namespace signet::identity
