#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "identity/renewal_rig_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;

// Two gateways with one database; the second has a clock of its own.
class TwoGateways : public ::testing::Test, protected RenewalRig {
 protected:
  TwoGateways() { other_clock.set_unix_seconds(kNow); }

  struct Loop {
    explicit Loop(runtime::ManualClock& clock, const std::string& path)
        : loop(clock), store(loop, path, {}) {}
    runtime::EventLoop loop;
    state::SqliteStore store;
  };
  bool turn_both_until(const std::function<bool()>& done) {
    return turn_until([&] {
      other.loop.run_once(1ms);
      return done();
    });
  }
  std::string other_outcome(const Session& session) {
    std::optional<Renewal::Result> result;
    runtime::TaskSet tasks(other.loop);
    tasks.start(keep_result(other_renewal.renew(config, session), result));
    if (!turn_both_until([&] { return result.has_value(); })) return "hangs";
    detail = result->detail;
    return std::string(text_of(result->outcome));
  }

  runtime::ManualClock other_clock;
  Loop other{other_clock, path};
  LateFetcher other_fetcher{other.loop};
  KeyBook other_book{other.loop, other_fetcher, observer, {}, 2};
  KeyBookView other_keys{other_book, other.loop};
  Providers other_providers{other.loop, other_fetcher};
  SignInParts other_parts{other.loop, other_fetcher, other_keys,     other.store,
                          random,     other_clock,   other_providers};
  Renewal other_renewal{other_parts};
  std::string detail;
};

TEST_F(TwoGateways, OneOfThemUsesTheToken) {
  other_fetcher.answers = fetcher.answers;
  // Clocks differ by a minute at most: neither way is the lease taken from under the other.
  for (const int ahead : {0, 60, -60}) {
    SCOPED_TRACE(ahead);
    other_clock.set_unix_seconds(clock.unix_seconds() + ahead);
    other.loop.run_once(0ms);
    fetcher.asked.clear();
    other_fetcher.asked.clear();
    const Session session = a_session();
    fetcher.held = {kTokenAddress};
    std::optional<Renewal::Result> first;
    runtime::TaskSet tasks(loop);
    tasks.start(keep_result(renewal->renew(config, session), first));
    EXPECT_TRUE(turn_until_asked(1));
    EXPECT_EQ(other_outcome(session), "later");
    EXPECT_EQ(detail, "another gateway is renewing it, or has");
    EXPECT_EQ(other_fetcher.count(kTokenAddress), 0u);
    fetcher.let_go(kTokenAddress);
    EXPECT_TRUE(turn_until([&] { return first.has_value(); }));
    EXPECT_EQ(text_of(first->outcome), "renewed");
    // Afterwards the other uses the new token.
    other_clock.advance(61s);
    other.loop.run_once(0ms);
    other_fetcher.answers[kTokenAddress] = {200, tokens_json("", "R3")};
    EXPECT_EQ(other_outcome(session), "renewed");
    EXPECT_EQ(other_fetcher.asked.back().body, "grant_type=refresh_token&refresh_token=R2");
    EXPECT_TRUE(kept(session).starts_with("R3/"));
  }
}

// The first hung for longer than its lease; the second renewed meanwhile; and the provider calls
// the token that both had used up. It is not the session that has ended.
TEST_F(TwoGateways, ARefusalOfATokenThatWasReplacedMeanwhileEndsNobody) {
  other_fetcher.answers = fetcher.answers;
  other_fetcher.answers[kTokenAddress] = {200, tokens_json("", "R2")};
  const Session session = a_session();
  fetcher.held = {kTokenAddress};
  fetcher.answers[kTokenAddress] = {400, R"({"error":"invalid_grant"})"};
  std::optional<Renewal::Result> first;
  runtime::TaskSet tasks(loop);
  tasks.start(keep_result(renewal->renew(config, session), first));
  EXPECT_TRUE(turn_until_asked(1));
  other_clock.advance(100s);
  other.loop.run_once(0ms);
  EXPECT_EQ(other_outcome(session), "renewed");
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return first.has_value(); }));
  EXPECT_EQ(text_of(first->outcome), "later");
  EXPECT_EQ(first->detail, "another gateway has renewed it meanwhile");
  EXPECT_FALSE(is_revoked(session));
  EXPECT_EQ(kept(session), "R2/OLD-ID-TOKEN");
}

}  // namespace
}  // namespace signet::identity
