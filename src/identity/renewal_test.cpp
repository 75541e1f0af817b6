#include "identity/renewal.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/renewal_rig_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;

class RenewalTest : public ::testing::Test, protected RenewalRig {};

TEST_F(RenewalTest, RenewsPersonAndGroups) {
  Session session = a_session();
  pass_seconds(900);
  IdClaims claims;
  claims.issued_at = kNow + 900;
  claims.more = R"(,"groups":["new"],"name":"Ada L")";
  token_endpoint_says(200, tokens_json(id_token_of(claims)));
  const Renewal::Result result = renew(session);
  EXPECT_EQ(text_of(result.outcome), "renewed");
  EXPECT_EQ(result.detail, "");
  Session expected = session;
  expected.person.groups = {"new"};
  expected.person.name = "Ada L";
  expected.vouched_at = kNow + 900;
  EXPECT_EQ(result.session, expected) << "nothing says that somebody was there: seen_at stays";
  EXPECT_EQ(kept(session), "R2/" + id_token_of(claims));
  ASSERT_EQ(fetcher.count(kTokenAddress), 1u);
  const http::FetchRequest& asked = fetcher.asked.back();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.body, "grant_type=refresh_token&refresh_token=R1");
}

TEST_F(RenewalTest, OutcomesOfEveryAnswer) {
  IdClaims good;
  const auto with = [&](auto change) {
    IdClaims claims = good;
    change(claims);
    return tokens_json(id_token_of(claims));
  };
  struct Row {
    const char* name;
    unsigned status;
    std::string body;
    const char* outcome;
    const char* detail;  // a part of it
    std::string kept;    // "": nothing, for the session has ended
  };
  const std::string good_id = id_token_of(good);
  const std::vector<Row> rows{
      {"all", 200, tokens_json(good_id), "renewed", "", "R2/" + good_id},
      {"no new refresh token", 200, tokens_json(good_id, ""), "renewed", "", "R1/" + good_id},
      {"no ID token", 200, tokens_json("", "R2"), "renewed", "", "R2/OLD-ID-TOKEN"},
      {"neither", 200, tokens_json("", ""), "renewed", "", "R1/OLD-ID-TOKEN"},
      {"a nonce", 200, with([](IdClaims& c) { c.nonce = "any"; }), "renewed", "",
       "R2/" + id_token_of([] {
         IdClaims c;
         c.nonce = "any";
         return c;
       }())},
      // Core §12.2.
      {"another subject", 200, with([](IdClaims& c) { c.subject = "sub-2"; }), "ended",
       "somebody else", ""},
      {"another issuer", 200, with([](IdClaims& c) { c.issuer = "https://evil.example"; }), "ended",
       "ID token", ""},
      {"another person", 200, with([](IdClaims& c) { c.email = "eve@example.com"; }), "ended",
       "another person", ""},
      {"unverified now", 200, with([](IdClaims& c) { c.more = R"(,"email_verified":false)"; }),
       "ended", "", ""},
      {"too old", 200, with([](IdClaims& c) { c.issued_at = kNow - 7200; }), "ended", "ID token",
       ""},
      {"a bad signature", 200, tokens_json(id_token_of(good, "1", other_rsa_key())), "ended",
       "ID token", ""},
      {"no JWT", 200, tokens_json("x.y.z"), "ended", "ID token", ""},
      // The provider's own "no", and no other.
      {"invalid_grant", 400, R"({"error":"invalid_grant"})", "ended", "invalid_grant", ""},
      {"invalid_client", 401, R"({"error":"invalid_client"})", "later", "invalid_client",
       "R1/OLD-ID-TOKEN"},
      {"invalid_grant with 500", 500, R"({"error":"invalid_grant"})", "later", "status 500",
       "R1/OLD-ID-TOKEN"},
      {"429", 429, "", "later", "429", "R1/OLD-ID-TOKEN"},
      {"404", 404, "", "later", "404", "R1/OLD-ID-TOKEN"},
      {"a redirect", 302, "", "later", "302", "R1/OLD-ID-TOKEN"},
      {"no JSON", 200, "<html>", "later", "", "R1/OLD-ID-TOKEN"},
      {"no access token", 200, R"({"token_type":"Bearer"})", "later", "access_token",
       "R1/OLD-ID-TOKEN"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Session session = a_session();
    token_endpoint_says(row.status, row.body);
    const Renewal::Result result = renew(session);
    EXPECT_EQ(text_of(result.outcome), row.outcome) << result.detail;
    EXPECT_NE(result.detail.find(row.detail), std::string::npos) << result.detail;
    EXPECT_EQ(kept(session), row.kept.empty() ? "not-found" : row.kept);
    EXPECT_EQ(is_revoked(session), row.kept.empty());
    if (result.outcome != Renewal::Outcome::renewed) EXPECT_EQ(result.session, session);
  }
}

TEST_F(RenewalTest, WhatTheRulesNoLongerAllowEnds) {
  const Session session = a_session();
  config->identity.providers[0].require.push_back({"department", {"research"}});
  EXPECT_EQ(outcome(session), "ended");
  EXPECT_TRUE(is_revoked(session));
}

TEST_F(RenewalTest, WithoutItsTokensOrProviderASessionEnds) {
  struct Row {
    const char* name;
    std::function<void(Session&)> change;
    const char* detail;
  };
  const std::vector<Row> rows{
      {"the provider is gone", [](Session& session) { session.provider = "former"; }, "configured"},
      {"no tokens",
       [&](Session& session) {
         ASSERT_TRUE(get(store->delete_refresh_token(session_name(session.id))));
       },
       "no refresh token"},
      {"an ID token only", [&](Session& session) { put_tokens(session, "", "ID"); },
       "cannot be opened"},
      {"of other keys",
       [&](Session& session) {
         state::RefreshToken record = state::refresh_token_of(session_name(session.id));
         config::SessionRules rules;
         rules.keys = {config::Secret(std::string(32, 'o'))};
         KeptTokens tokens;
         tokens.refresh_token = "R";
         record.sealed = seal(tokens, session.id, rules, random);
         ASSERT_TRUE(get(store->put_refresh_token(record)));
       },
       "cannot be opened"},
      {"garbage",
       [&](Session& session) {
         ASSERT_TRUE(
             get(store->put_refresh_token(state::refresh_token_of(session_name(session.id)))));
       },
       "cannot be opened"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Session session = a_session();
    row.change(session);
    const Renewal::Result result = renew(session);
    EXPECT_EQ(text_of(result.outcome), "ended");
    EXPECT_NE(result.detail.find(row.detail), std::string::npos) << result.detail;
    EXPECT_TRUE(is_revoked(session));
    EXPECT_EQ(fetcher.count(kTokenAddress), 0u);
  }
}

TEST_F(RenewalTest, WhoCannotBeReachedEndsNobody) {
  struct Row {
    const char* name;
    std::string address;
    http::FetchError error;
  };
  for (const Row& row :
       std::vector<Row>{{"no metadata", kMetadataAddress, http::FetchError::unreachable},
                        {"no token endpoint", kTokenAddress, http::FetchError::unreachable},
                        {"a lost answer", kTokenAddress, http::FetchError::lost},
                        {"a late answer", kTokenAddress, http::FetchError::timed_out},
                        {"no HTTP", kTokenAddress, http::FetchError::bad_response}}) {
    SCOPED_TRACE(row.name);
    pass_seconds(3);
    const Session session = a_session();
    fetcher.failures = {{row.address, row.error}};
    const Renewal::Result result = renew(session);
    EXPECT_EQ(text_of(result.outcome), "later");
    EXPECT_NE(result.detail, "");
    EXPECT_FALSE(is_revoked(session));
    EXPECT_EQ(kept(session), "R1/OLD-ID-TOKEN");
    fetcher.failures.clear();
    pass_seconds(91);
    EXPECT_EQ(outcome(session), "renewed") << "as soon as the lease has ended";
  }
}

// The provider signs with a key that it has not published, or that cannot be fetched: the person
// may hold all the same.
TEST_F(RenewalTest, AnUnknownKeyEndsNobody) {
  rotate_keys();
  fetcher.failures[kKeysAddress] = http::FetchError::unreachable;
  IdClaims claims;
  token_endpoint_says(200, tokens_json(id_token_of(claims, "2", other_rsa_key())));
  const Session session = a_session();
  const Renewal::Result result = get_in_time(renewal->renew(config, session));
  EXPECT_EQ(text_of(result.outcome), "later");
  turn_until([&] { return clock.unix_seconds() > kNow + 20; }, 100ms);
  EXPECT_FALSE(is_revoked(session));
  fetcher.failures.clear();
  turn_until([&] { return clock.unix_seconds() > kNow + 110; }, 100ms);
  EXPECT_EQ(outcome(session), "renewed") << "with the token that the first renewal brought";
  EXPECT_EQ(fetcher.asked.back().body, "grant_type=refresh_token&refresh_token=R2");
}

// All of them wait for the one fetch of the keys: nobody is turned out because somebody else asked
// first.
TEST_F(RenewalTest, KeysThatChangeEndNobodysSession) {
  rotate_keys();
  fetcher.held = {kKeysAddress};
  token_endpoint_says(200, tokens_json(id_token_of(IdClaims(), "2", other_rsa_key())));
  std::vector<std::optional<Renewal::Result>> results(5);
  runtime::TaskSet tasks(loop);
  for (auto& result : results)
    tasks.start(keep_result(renewal->renew(config, a_session()), result));
  EXPECT_TRUE(turn_until(
      [&] { return fetcher.count(kTokenAddress) == 5 && fetcher.count(kKeysAddress) == 1; }));
  turn();
  fetcher.let_go(kKeysAddress);
  EXPECT_TRUE(turn_until([&] { return tasks.size() == 0; }, 20ms));
  for (const auto& result : results)
    EXPECT_EQ(text_of(result->outcome), "renewed") << result->detail;
  EXPECT_EQ(fetcher.count(kKeysAddress), 1u);
}

TEST_F(RenewalTest, TheStoreMayBeLostAtAnyStep) {
  const Session early = a_session();
  lose_store();
  const Renewal::Result result = renew(early);
  EXPECT_EQ(text_of(result.outcome), "later");
  EXPECT_NE(result.detail.find("unavailable"), std::string::npos) << result.detail;
  EXPECT_EQ(fetcher.count(kTokenAddress), 0u) << "without a lease the token is not used";
  find_store();

  // Before the lease.
  const Session before = a_session();
  fetcher.on_ask = [&](const std::string& url) {
    if (url == kMetadataAddress) lose_store();
  };
  const Renewal::Result no_lease = renew(before);
  EXPECT_EQ(text_of(no_lease.outcome), "later");
  EXPECT_NE(no_lease.detail.find("the lease: unavailable"), std::string::npos) << no_lease.detail;
  EXPECT_EQ(fetcher.count(kTokenAddress), 0u);
  find_store();

  // Before the new token is kept: the person holds, and the operator hears of it.
  const Session late = a_session();
  IdClaims claims;
  claims.issued_at = clock.unix_seconds();
  token_endpoint_says(200, tokens_json(id_token_of(claims)));
  fetcher.on_ask = [&](const std::string& url) {
    if (url == kTokenAddress) lose_store();
  };
  const Renewal::Result not_kept = renew(late);
  EXPECT_EQ(text_of(not_kept.outcome), "renewed");
  EXPECT_NE(not_kept.detail.find("did not take the new token: unavailable"), std::string::npos);
  find_store();

  // Before the revocation: the caller is turned out, and so is whoever comes next.
  const Session ended = a_session();
  token_endpoint_says(400, R"({"error":"invalid_grant"})");
  const Renewal::Result not_revoked = renew(ended);
  EXPECT_EQ(text_of(not_revoked.outcome), "ended");
  EXPECT_NE(not_revoked.detail.find("did not take the revocation"), std::string::npos);
  find_store();
  fetcher.on_ask = nullptr;
  EXPECT_FALSE(is_revoked(ended));
  EXPECT_EQ(outcome(ended), "ended") << "remembered";
  pass_seconds(91);
  EXPECT_EQ(outcome(ended), "ended");
  EXPECT_TRUE(is_revoked(ended));
}

TEST_F(RenewalTest, ManyWhoAskAtOnceUseTheTokenOnce) {
  Session session = a_session();
  fetcher.held = {kTokenAddress};
  std::vector<std::optional<Renewal::Result>> results(10);
  runtime::TaskSet tasks(loop);
  for (std::size_t i = 0; i < results.size(); ++i) {
    session.seen_at = kNow + static_cast<std::int64_t>(i);
    tasks.start(keep_result(renewal->renew(config, session), results[i]));
  }
  EXPECT_TRUE(turn_until_asked(1));
  turn();
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(text_of(results[i]->outcome), "renewed");
    EXPECT_EQ(results[i]->session.seen_at, kNow + static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(fetcher.count(kTokenAddress), 1u);
}

TEST_F(RenewalTest, GoesOnWhenWhoeverAskedIsDestroyed) {
  const Session session = a_session();
  fetcher.held = {kTokenAddress};
  runtime::TaskSet tasks(loop);
  std::optional<Renewal::Result> first;
  std::optional<Renewal::Result> second;
  runtime::TaskSet::Entry* entry = tasks.start(keep_result(renewal->renew(config, session), first));
  EXPECT_TRUE(turn_until_asked(1));
  tasks.start(keep_result(renewal->renew(config, session), second));
  turn();
  tasks.cancel(entry);
  turn();
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return second.has_value(); }));
  EXPECT_EQ(text_of(second->outcome), "renewed");
  EXPECT_FALSE(first);

  // With nobody left, what came is there for whoever comes.
  const Session lonely = a_session();
  fetcher.held = {kTokenAddress};
  pass_seconds(1);
  tasks.start(keep_result(renewal->renew(config, lonely), first));
  EXPECT_TRUE(turn_until_asked(2));
  tasks.cancel_all();
  fetcher.let_go(kTokenAddress);
  turn_until([&] { return kept(lonely).starts_with("R2/"); });
  EXPECT_EQ(outcome(lonely), "renewed");
  EXPECT_EQ(fetcher.count(kTokenAddress), 2u);
}

TEST_F(RenewalTest, MayBeDestroyedWithEverythingUnderWay) {
  for (const std::string& address : {kMetadataAddress, kTokenAddress, kKeysAddress}) {
    SCOPED_TRACE(address);
    rotate_keys();
    token_endpoint_says(200, tokens_json(id_token_of(IdClaims(), "2", other_rsa_key())));
    const Session session = a_session();
    fetcher.held = {address};
    fetcher.asked.clear();
    runtime::TaskSet tasks(loop);
    std::optional<Renewal::Result> result;
    tasks.start(keep_result(renewal->renew(config, session), result));
    EXPECT_TRUE(turn_until([&] { return fetcher.count(address) > 0; }));
    tasks.cancel_all();
    renewal.reset();
    fetcher.let_go(address);
    turn();
    renewal.emplace(parts);
  }
}

// The configuration goes on as long as a renewal that began with it, whatever was loaded since.
TEST_F(RenewalTest, KeepsItsConfigurationOverAReload) {
  const Session session = a_session();
  fetcher.held = {kTokenAddress};
  runtime::TaskSet tasks(loop);
  std::optional<Renewal::Result> result;
  tasks.start(keep_result(renewal->renew(config, session), result));
  EXPECT_TRUE(turn_until_asked(1));
  config = a_sign_in_config();
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return result.has_value(); }));
  EXPECT_EQ(text_of(result->outcome), "renewed");
}

TEST_F(RenewalTest, NobodyWaitsForAProviderThatHangs) {
  const Session session = a_session();
  fetcher.held = {kMetadataAddress};
  runtime::TaskSet tasks(loop);
  std::optional<Renewal::Result> first;
  tasks.start(keep_result(renewal->renew(config, session), first));
  EXPECT_TRUE(turn_until([&] { return fetcher.count(kMetadataAddress) == 1; }));
  const std::int64_t began = clock.unix_seconds();
  EXPECT_TRUE(turn_until([&] { return first.has_value(); }, 50ms));
  EXPECT_EQ(text_of(first->outcome), "later");
  EXPECT_LE(clock.unix_seconds() - began, 6);
}

TEST_F(RenewalTest, WhatHangsDelaysOnlyTheFirst) {
  const Session session = a_session();
  fetcher.held = {kTokenAddress, kMetadataAddress};
  runtime::TaskSet tasks(loop);
  std::optional<Renewal::Result> first;
  tasks.start(keep_result(renewal->renew(config, session), first));
  turn();
  pass_seconds(7);
  EXPECT_TRUE(turn_until([&] { return first.has_value(); }));
  EXPECT_EQ(text_of(first->outcome), "later");
  std::optional<Renewal::Result> second;
  tasks.start(keep_result(renewal->renew(config, session), second));
  turn();
  EXPECT_TRUE(second.has_value()) << "at once";
}

TEST_F(RenewalTest, TheOlderCookieGetsTheSameResultForAMinute) {
  const Session old = a_session();
  pass_seconds(10);
  const Session renewed = renew(old).session;
  EXPECT_EQ(renewed.vouched_at, kNow + 10);
  pass_seconds(30);
  EXPECT_EQ(renew(old).session, renewed);
  EXPECT_EQ(fetcher.count(kTokenAddress), 1u);
  // With `refresh` shorter than a minute the newer cookie is due again.
  const Session again = renew(renewed).session;
  EXPECT_EQ(again.vouched_at, kNow + 40);
  EXPECT_EQ(fetcher.count(kTokenAddress), 2u);
  EXPECT_EQ(renew(old).session.vouched_at, kNow + 40);
  EXPECT_EQ(renew(renewed).session.vouched_at, kNow + 40);
  EXPECT_EQ(fetcher.count(kTokenAddress), 2u);
  pass_seconds(60);
  EXPECT_EQ(renew(old).session.vouched_at, kNow + 100);
  EXPECT_EQ(fetcher.count(kTokenAddress), 3u);
}

TEST_F(RenewalTest, AProviderThatIsDownIsAskedOnceAMinute) {
  const Session session = a_session();
  token_endpoint_says(503, "");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(outcome(session), "later");
  EXPECT_EQ(fetcher.count(kTokenAddress), 1u);
}

TEST_F(RenewalTest, AClockThatGoesBackHidesNobody) {
  const Session before = a_session();
  const Session renewed = renew(before).session;
  clock.set_unix_seconds(kNow - 3 * 3600);
  turn();
  IdClaims claims;
  claims.issued_at = kNow - 3 * 3600;
  token_endpoint_says(200, tokens_json(id_token_of(claims)));
  const Renewal::Result result = renew(renewed);
  EXPECT_EQ(text_of(result.outcome), "renewed");
  pass_seconds(60);
  const Session corrected = renew(renewed).session;
  EXPECT_EQ(corrected.vouched_at, kNow - 3 * 3600 + 60);
}

TEST_F(RenewalTest, ResultsAreForgotten) {
  for (int i = 0; i < 50; ++i)
    renew(a_session());
  EXPECT_EQ(renewal->remembered(), 50u);
  pass_seconds(30);
  for (int i = 0; i < 10; ++i)
    renew(a_session());
  EXPECT_EQ(renewal->remembered(), 60u);
  pass_seconds(31);
  renew(a_session());
  EXPECT_EQ(renewal->remembered(), 11u);
  pass_seconds(70);
  renew(a_session());
  EXPECT_EQ(renewal->remembered(), 1u);
}

}  // namespace
}  // namespace signet::identity
