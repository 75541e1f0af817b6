#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "portal_api/device_api.h"
#include "portal_api/device_rig_for_tests.h"

// What becomes of a sign-in on a device after its first tokens.
namespace signet::portal_api {
namespace {

using http::Method;

class DeviceRenewalTest : public testing::Test, protected DeviceRig {};

TEST_F(DeviceRenewalTest, RenewingGivesAnotherPair) {
  const ApiAnswer first = sign_in();
  pass_seconds(40'000);
  const ApiAnswer second = renew(text(first, "refresh_token"));
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(second.event->event, "token-renewed");
  EXPECT_EQ(second.event->person, "ada@example.com");
  EXPECT_EQ(number(second, "expires_in"), 43'200);
  const state::Token& old = record(text(first, "refresh_token"));
  const state::Token& renewal = record(text(second, "refresh_token"));
  EXPECT_EQ(old.revoked_at, now());
  EXPECT_EQ(renewal.expires, old.expires) << "the sign-in itself is not made longer";
  EXPECT_EQ(renewal.family, old.family);
  EXPECT_EQ(renewal.groups, old.groups);
  EXPECT_EQ(renewal.made_at, now());
  EXPECT_EQ(opens(text(second, "access_token")), "ada@example.com");
  EXPECT_EQ(opens(text(first, "access_token")), "ada@example.com") << "requests under way go on";
  EXPECT_EQ(renew(text(second, "refresh_token")).status, 200);
}

TEST_F(DeviceRenewalTest, AnOldRenewalTokenEndsTheWholeSignIn) {
  const ApiAnswer first = sign_in();
  const ApiAnswer others = sign_in();
  const ApiAnswer second = renew(text(first, "refresh_token"));
  const ApiAnswer reused = renew(text(first, "refresh_token"));
  EXPECT_EQ(error(reused), "400 invalid_grant");
  ASSERT_TRUE(reused.event);
  EXPECT_EQ(reused.event->event, "token-revoked");
  EXPECT_EQ(reused.event->person, "ada@example.com");
  EXPECT_TRUE(reused.event->detail.ends_with("reason=reused"));
  for (const ApiAnswer& each : {first, second})
    EXPECT_EQ(opens(text(each, "access_token")), "the token is revoked");
  EXPECT_EQ(error(renew(text(second, "refresh_token"))), "400 invalid_grant");
  EXPECT_FALSE(renew(text(first, "refresh_token")).event) << "nothing is left of it";
  EXPECT_EQ(opens(text(others, "access_token")), "ada@example.com") << "another sign-in";
  EXPECT_EQ(renew(text(others, "refresh_token")).status, 200);
}

TEST_F(DeviceRenewalTest, OfTwoWhoRenewAtOnceNobodyKeepsAnything) {
  const std::string renewal = text(sign_in(), "refresh_token");
  std::vector<std::optional<ApiAnswer>> answers(2);
  runtime::TaskSet tasks(loop);
  for (auto& answer : answers) {
    tasks.start(keep(api->handle(post_form("/device/token",
                                           "grant_type=refresh_token&refresh_token=" + renewal)),
                     answer));
  }
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(answers[0]->status, 200);
  EXPECT_EQ(error(*answers[1]), "400 invalid_grant");
  EXPECT_EQ(opens(text(*answers[0], "access_token")), "the token is revoked");
}

TEST_F(DeviceRenewalTest, WhatDoesNotRenew) {
  const ApiAnswer given = sign_in();
  EXPECT_EQ(error(renew(text(given, "access_token"))), "400 invalid_grant");
  EXPECT_EQ(opens(text(given, "access_token")), "ada@example.com");
  const ApiAnswer personal = ask(post_json("/tokens", R"({"title":"t"})"));
  EXPECT_EQ(error(renew(text(personal, "secret"))), "400 invalid_grant");
  EXPECT_EQ(opens(text(personal, "secret")), "ada@example.com");
  // Its end.
  pass_seconds(30 * 86'400);
  const ApiAnswer ended = renew(text(given, "refresh_token"));
  EXPECT_EQ(error(ended), "400 invalid_grant");
  EXPECT_TRUE(ended.detail.ends_with("the token has expired")) << ended.detail;
}

TEST_F(DeviceRenewalTest, ARevokedPersonRenewsNothing) {
  const ApiAnswer given = sign_in();
  revoke_person("ada@example.com");
  pass_seconds(5);
  EXPECT_EQ(error(renew(text(given, "refresh_token"))), "400 invalid_grant");
  EXPECT_EQ(opens(text(given, "access_token")), "everything that the token's owner had is revoked");
}

TEST_F(DeviceRenewalTest, LifetimesAreBounded) {
  struct Row {
    std::int64_t most;  // seconds
    std::int64_t access;
    std::int64_t renewal;
  };
  for (const Row& row : std::vector<Row>{{90 * 86'400, 43'200, 30 * 86'400},
                                         {7 * 86'400, 43'200, 7 * 86'400},
                                         {3600, 3600, 3600}}) {
    AccountRules rules;
    rules.max_lifetime = std::chrono::seconds(row.most);
    api->configure(rules);
    const ApiAnswer given = sign_in();
    EXPECT_EQ(number(given, "expires_in"), row.access) << row.most;
    EXPECT_EQ(record(text(given, "access_token")).expires, now() + row.access) << row.most;
    EXPECT_EQ(record(text(given, "refresh_token")).expires, now() + row.renewal) << row.most;
  }
  // Near its end a sign-in gives shorter ones, and a stricter configuration holds for old ones too.
  const ApiAnswer given = sign_in();
  pass_seconds(3000);
  const ApiAnswer second = renew(text(given, "refresh_token"));
  EXPECT_EQ(number(second, "expires_in"), 600);
  AccountRules rules;
  rules.max_lifetime = std::chrono::seconds(60);
  api->configure(rules);
  EXPECT_EQ(number(renew(text(second, "refresh_token")), "expires_in"), 60);
}

TEST_F(DeviceRenewalTest, ASignInIsRenewedOnlySoOften) {
  ApiAnswer last = sign_in();
  for (std::size_t i = 1; i < kMostRenewed; ++i) {
    last = renew(text(last, "refresh_token"));
    ASSERT_EQ(last.status, 200) << i;
  }
  const ApiAnswer refused = renew(text(last, "refresh_token"));
  EXPECT_EQ(said(refused), "429 rate-limited: This sign-in was renewed too often lately.");
  EXPECT_GT(refused.retry_after, 0);
  pass_seconds(43'200);
  EXPECT_EQ(renew(text(last, "refresh_token")).status, 200) << "it was not used up";
}

TEST_F(DeviceRenewalTest, APersonHasOnlySoManySignIns) {
  for (std::size_t i = 0; i < kMostTokens; ++i) {
    pass_seconds(20);
    ASSERT_EQ(sign_in().status, 200) << i;
  }
  const ApiAnswer begun = authorize();
  const ApiAnswer refused = decide(text(begun, "user_code"), true, ada());
  EXPECT_EQ(said(refused), "409 too-many-tokens: There are 50 of these already. Revoke one first.");
  EXPECT_EQ(decide(text(begun, "user_code"), false, ada()).status, 204) << "denying takes no room";
}

TEST_F(DeviceRenewalTest, ASignInIsListedOnceAndEndsTogether) {
  const ApiAnswer first = sign_in();
  pass_seconds(1);
  const ApiAnswer second = renew(text(first, "refresh_token"));
  const ApiAnswer listed = ask(call_of(Method::get, "/tokens", ada()));
  for (const char* name : {"access_token", "refresh_token"}) {
    EXPECT_TRUE(listed.body.contains(record(text(second, name)).id)) << name;
    EXPECT_FALSE(listed.body.contains(record(text(first, name)).id)) << name;
  }
  EXPECT_TRUE(listed.body.contains(R"("kind":"renewal")"));
  const std::string id = record(text(second, "access_token")).id;
  const ApiAnswer gone = ask(call_of(Method::delete_, "/tokens/" + id, ada()));
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.event->event, "token-revoked");
  for (const ApiAnswer& each : {first, second})
    EXPECT_EQ(opens(text(each, "access_token")), "the token is revoked");
  const ApiAnswer late = renew(text(second, "refresh_token"));
  EXPECT_EQ(error(late), "400 invalid_grant");
  EXPECT_FALSE(late.event) << "a device that was signed out is no thief";
  EXPECT_FALSE(ask(call_of(Method::delete_, "/tokens/" + id, ada())).event);
}

}  // namespace
}  // namespace signet::portal_api
