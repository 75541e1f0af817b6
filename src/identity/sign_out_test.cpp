#include "identity/sign_out.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/sign_in_rig_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using Ended = std::expected<std::string, SignInFailure>;
using state::RevocationKind;

constexpr std::string_view kHere =
    "&post_logout_redirect_uri=https%3A%2F%2Fmlflow.example.com%2Fapp%2Fsigned-out";
constexpr std::string_view kSignedOut = "https://mlflow.example.com/app/signed-out";

class SignOutTest : public ::testing::Test, protected SignInRig {
 protected:
  Ended end(const Session& session) { return get(sign_out.end(config, session)); }
  static std::string said(const Ended& ended) {
    return ended ? *ended : "!" + std::string(to_string(ended.error().error));
  }
  Ended hear(const std::string& token, const std::string& provider = "corp") {
    return get_in_time(sign_out.back_channel(config, provider, token));
  }
  // A logout token; `more` begins with a comma. `subject` and `session` are left out when empty.
  std::string logout_token(const std::string& session, const std::string& subject = "sub-1",
                           const std::string& id = "jti-1", std::string_view kid = "1",
                           const crypto::SigningKey& key = rsa_key(), std::string_view more = {}) {
    std::string payload =
        fmt::format(R"({{"iss":"{}","aud":"signet","iat":{},"exp":{},"jti":"{}",)"
                    R"("events":{{"http://schemas.openid.net/event/backchannel-logout":{{}}}})",
                    kLoginIssuer, clock.unix_seconds(), clock.unix_seconds() + 120, id);
    if (!session.empty()) payload += fmt::format(R"(,"sid":"{}")", session);
    if (!subject.empty()) payload += fmt::format(R"(,"sub":"{}")", subject);
    payload += more;
    return token(fmt::format(R"({{"alg":"RS256","kid":"{}","typ":"logout+jwt"}})", kid),
                 payload + "}", key, Algorithm::rs256);
  }
  // Whether the snapshot forbids the session, by one of the keys a session is looked up with.
  bool holds_no_more(const Session& session) {
    const state::Snapshot& now = *store->snapshot();
    return is_revoked(session) ||
           now.is_revoked(RevocationKind::provider_session,
                          provider_session_key(session.provider, session.provider_session),
                          session.began_at) ||
           now.is_revoked(RevocationKind::person, subject_key(session.provider, session.subject),
                          session.began_at);
  }

  SignOut sign_out{parts};
};

TEST_F(SignOutTest, EndsTheSessionAndForgetsItsTokens) {
  const Session session = a_session();
  const Session other = a_session();
  EXPECT_EQ(said(end(session)), fmt::format("https://login.example.com/end?client_id=signet{}"
                                            "&id_token_hint=OLD-ID-TOKEN",
                                            kHere));
  EXPECT_TRUE(is_revoked(session));
  EXPECT_EQ(kept(session), "not-found");
  EXPECT_FALSE(is_revoked(other));
  EXPECT_EQ(kept(other), "R1/OLD-ID-TOKEN");
  const state::Revocation* revocation =
      store->snapshot()->find_revocation(RevocationKind::session, session_name(session.id));
  ASSERT_NE(revocation, nullptr);
  EXPECT_EQ(revocation->made_at, kNow);
  EXPECT_GE(revocation->until, session.began_at + 12 * 3600 + 3600)
      << "longer than the session: clocks differ, and a reload may lengthen lifetimes";
  EXPECT_EQ(said(end(session)).find("id_token_hint"), std::string::npos) << "twice does no harm";
}

TEST_F(SignOutTest, WhereTheBrowserGoes) {
  struct Row {
    const char* name;
    std::string_view metadata;
    std::function<void(Session&)> change;
    std::string expected;
  };
  const std::string plain = fmt::format("https://login.example.com/end?client_id=signet{}", kHere);
  for (const Row& row : std::vector<Row>{
           {"no end_session_endpoint", "", [](Session&) {}, std::string(kSignedOut)},
           {"no tokens", kWithEndSession,
            [&](Session& session) {
              ASSERT_TRUE(get(store->delete_refresh_token(session_name(session.id))));
            },
            plain},
           {"tokens of other keys", kWithEndSession,
            [&](Session& session) {
              ASSERT_TRUE(
                  get(store->put_refresh_token(state::refresh_token_of(session_name(session.id)))));
            },
            plain},
           {"an ID token too long for an address", kWithEndSession,
            [&](Session& session) { put_tokens(session, "R", std::string(7000, 'i')); }, plain},
           {"a query of its own", R"(,"end_session_endpoint":"https://login.example.com/end?p=1")",
            [](Session&) {},
            fmt::format("https://login.example.com/end?p=1&client_id=signet{}"
                        "&id_token_hint=OLD-ID-TOKEN",
                        kHere)},
           {"a provider that is gone", kWithEndSession,
            [](Session& session) { session.provider = "former"; }, std::string(kSignedOut)}}) {
    SCOPED_TRACE(row.name);
    pass_seconds(3601);
    provider_says(metadata_json(row.metadata));
    Session session = a_session();
    row.change(session);
    EXPECT_EQ(said(end(session)), row.expected);
    EXPECT_TRUE(is_revoked(session));
    EXPECT_EQ(kept(session), "not-found");
  }
}

TEST_F(SignOutTest, CognitoHasItsOwnForm) {
  config::Provider& provider = config->identity.providers[0];
  provider.issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool";
  provider.url = *config::parse_url(provider.issuer);
  fetcher.answers[provider.issuer + "/.well-known/openid-configuration"] = {
      200, fmt::format(R"({{"issuer":"{0}","jwks_uri":"{0}/keys","authorization_endpoint":"{0}/a",)"
                       R"("token_endpoint":"{0}/t",)"
                       R"("end_session_endpoint":"https://corp.auth.example.com/logout"}})",
                       provider.issuer)};
  EXPECT_EQ(said(end(a_session())),
            "https://corp.auth.example.com/logout?client_id=signet"
            "&logout_uri=https%3A%2F%2Fmlflow.example.com%2Fapp%2Fsigned-out");
}

TEST_F(SignOutTest, AProviderThatIsDownKeepsNobodySignedIn) {
  const Session session = a_session();
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  EXPECT_EQ(said(end(session)), kSignedOut);
  EXPECT_TRUE(is_revoked(session));
  // One that hangs is not waited for longer than three seconds.
  fetcher.failures.clear();
  fetcher.held = {kMetadataAddress};
  pass_seconds(3);
  const std::int64_t began = clock.unix_seconds();
  EXPECT_EQ(said(get_in_time(sign_out.end(config, a_session()))), kSignedOut);
  EXPECT_LE(clock.unix_seconds() - began, 4);
}

TEST_F(SignOutTest, SaysSoWhenTheStoreDidNotTakeIt) {
  const Session session = a_session();
  lose_store();
  EXPECT_EQ(said(end(session)), "!unavailable");
  find_store();
  EXPECT_FALSE(is_revoked(session));
  EXPECT_EQ(kept(session), "R1/OLD-ID-TOKEN") << "so that it can be tried again";
}

TEST_F(SignOutTest, GoesOnWhenItIsLostAfterTheRevocation) {
  const Session session = a_session();
  fetcher.held = {kMetadataAddress};
  runtime::TaskSet tasks(loop);
  std::optional<Ended> ended;
  tasks.start(keep(sign_out.end(config, session), ended));
  EXPECT_TRUE(turn_until([&] { return fetcher.count(kMetadataAddress) == 1; }));
  tasks.cancel_all();
  fetcher.let_go(kMetadataAddress);
  turn();
  EXPECT_TRUE(is_revoked(session));
}

TEST_F(SignOutTest, AProviderEndsOneSessionOrAll) {
  const Session one = a_session();
  Session two = a_session();
  two.provider_session = "sid-2";
  Session without = a_session();
  without.provider_session = "";
  Session elsewhere = a_session();
  elsewhere.provider = "other";
  EXPECT_EQ(said(hear(logout_token("sid-1"))), "one session of provider corp");
  EXPECT_TRUE(holds_no_more(one));
  EXPECT_FALSE(holds_no_more(two));
  EXPECT_FALSE(holds_no_more(without));
  EXPECT_EQ(said(hear(logout_token("", "sub-1", "jti-2"))), "subject sub-1 of provider corp");
  EXPECT_TRUE(holds_no_more(two));
  EXPECT_TRUE(holds_no_more(without));
  EXPECT_FALSE(holds_no_more(elsewhere));
  // Whoever signs in again afterwards is in.
  pass_seconds(1);
  Session later = a_session();
  later.provider_session = "sid-3";
  EXPECT_FALSE(holds_no_more(later));
}

TEST_F(SignOutTest, ATokenThatComesTwiceEndsNothingTwice) {
  const std::string token = logout_token("", "sub-1", "jti-7");
  EXPECT_EQ(said(hear(token)), "subject sub-1 of provider corp");
  pass_seconds(5);
  Session later = a_session();
  later.provider_session = "";
  EXPECT_EQ(said(hear(token)), "subject sub-1 of provider corp")
      << "the provider may not have heard";
  EXPECT_FALSE(holds_no_more(later));
  // Another token does, be it of the same id but of somebody else.
  EXPECT_EQ(said(hear(logout_token("", "sub-2", "jti-7"))), "subject sub-2 of provider corp");
  Session of_other = later;
  of_other.subject = "sub-2";
  EXPECT_TRUE(holds_no_more(of_other));
  EXPECT_EQ(said(hear(logout_token("", "sub-1", "jti-8"))), "subject sub-1 of provider corp");
  EXPECT_TRUE(holds_no_more(later));
}

TEST_F(SignOutTest, ATokenThatTheStoreDidNotTakeMayComeAgain) {
  const std::string token = logout_token("", "sub-1", "jti-9");
  const Session session = a_session();
  lose_store();
  EXPECT_EQ(said(hear(token)), "!unavailable");
  find_store();
  EXPECT_FALSE(holds_no_more(session));
  EXPECT_EQ(said(hear(token)), "subject sub-1 of provider corp");
  EXPECT_TRUE(holds_no_more(session));
}

TEST_F(SignOutTest, OnlyTheProvidersFreshWordCounts) {
  const Session session = a_session();
  struct Row {
    const char* name;
    std::string token;
    std::string provider = "corp";
  };
  IdClaims claims;
  for (const Row& row : std::vector<Row>{
           {"nothing", ""},
           {"garbage", "a.b.c"},
           {"an ID token", id_token_of(claims)},
           {"another key", logout_token("sid-1", "sub-1", "j", "1", other_rsa_key())},
           {"an unknown key", logout_token("sid-1", "sub-1", "j", "9", other_rsa_key())},
           {"a nonce", logout_token("sid-1", "sub-1", "j", "1", rsa_key(), R"(,"nonce":"n")")},
           {"no jti", logout_token("sid-1", "sub-1", "")},
           {"nobody", logout_token("", "")},
           {"no such provider", logout_token("sid-1"), "former"},
           {"no provider", logout_token("sid-1"), ""}}) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(said(hear(row.token, row.provider)), "!failed");
    EXPECT_FALSE(holds_no_more(session));
  }
  const std::string old = logout_token("sid-1");
  turn_until([&] { return clock.unix_seconds() > kNow + 400; }, 1s);
  EXPECT_EQ(said(hear(old)), "!failed");
}

TEST_F(SignOutTest, WhatCannotBeCheckedMayBeSaidAgain) {
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  EXPECT_EQ(said(hear(logout_token("sid-1"))), "!unavailable");
  fetcher.failures.clear();
  pass_seconds(3);
  book.set_issuers({});
  turn();
  EXPECT_EQ(said(hear(logout_token("sid-1"))), "!unavailable");
}

TEST_F(SignOutTest, NewKeysAreFetched) {
  rotate_keys();
  const Session session = a_session();
  EXPECT_EQ(said(hear(logout_token("sid-1", "sub-1", "j", "2", other_rsa_key()))),
            "one session of provider corp");
  EXPECT_TRUE(holds_no_more(session));
}

// Tokens of keys that nobody has cost a wait; but few of them wait at a time.
TEST_F(SignOutTest, FewWaitForKeysAtATime) {
  fetcher.held = {kKeysAddress};
  EXPECT_EQ(said(hear(logout_token("sid-1", "sub-1", "first"))), "one session of provider corp");
  runtime::TaskSet tasks(loop);
  std::vector<std::optional<Ended>> ended(40);
  for (auto& each : ended)
    tasks.start(keep(sign_out.back_channel(config, "corp",
                                           logout_token("sid-1", "s", "j", "9", other_rsa_key())),
                     each));
  turn();
  EXPECT_EQ(std::ranges::count_if(ended, [](const auto& each) { return each.has_value(); }), 8);
  EXPECT_TRUE(turn_until([&] { return tasks.size() == 0; }, 50ms));
  for (const auto& each : ended)
    EXPECT_EQ(said(*each), "!failed");
}

}  // namespace
}  // namespace signet::identity
