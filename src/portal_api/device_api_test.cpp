#include "portal_api/device_api.h"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "portal_api/device_rig_for_tests.h"
#include "portal_api/user_code.h"

namespace signet::portal_api {
namespace {

using http::Method;
using identity::Means;

class DeviceApiTest : public testing::Test, protected DeviceRig {};

TEST_F(DeviceApiTest, BeginsAsTheClientExpects) {
  const ApiAnswer begun = authorize();
  ASSERT_EQ(begun.status, 200) << begun.body;
  const std::string user_code = text(begun, "user_code");
  EXPECT_EQ(user_code.size(), 9u);
  EXPECT_EQ(shown(*user_code_from(user_code)), user_code);
  const std::string device_code = text(begun, "device_code");
  EXPECT_EQ(begun.body, fmt::format(R"({{"device_code":"{}","user_code":"{}",)"
                                    R"("verification_uri":"https://mlflow.example.com/signet/)"
                                    R"(device","verification_uri_complete":)"
                                    R"("https://mlflow.example.com/signet/device?user_code={}",)"
                                    R"("expires_in":600,"interval":5}})"
                                    "\n",
                                    device_code, user_code, user_code));
  EXPECT_GE(device_code.size(), 43u);
  EXPECT_NE(text(authorize(), "user_code"), user_code);
  EXPECT_EQ(authorize("client_id=signet-cli&scope=&unknown=x").status, 200)
      << "parameters that are not known are ignored";
  EXPECT_FALSE(begun.event);
}

TEST_F(DeviceApiTest, AWholeSignIn) {
  const ApiAnswer begun = authorize();
  const std::string code = text(begun, "device_code");
  EXPECT_EQ(error(poll(code)), "400 authorization_pending");
  pass_seconds(5);
  EXPECT_EQ(error(poll(code)), "400 authorization_pending");
  const ApiAnswer shown = show(text(begun, "user_code"));
  EXPECT_EQ(shown.body, fmt::format(R"({{"user_code":"{}","client_address":"192.0.2.7",)"
                                    R"("made_at":"2027-01-15T08:00:00Z",)"
                                    R"("expires_at":"2027-01-15T08:10:00Z","state":"pending"}})"
                                    "\n",
                                    text(begun, "user_code")));
  const ApiAnswer decided = decide(text(begun, "user_code"), true, ada());
  EXPECT_EQ(decided.status, 204) << decided.body;
  ASSERT_TRUE(decided.event);
  EXPECT_EQ(decided.event->event, "device-approved");
  EXPECT_EQ(decided.event->person, "ada@example.com");
  EXPECT_EQ(decided.event->detail, "client_address=192.0.2.7 begun_at=1800000000");

  const ApiAnswer given = poll(code);
  ASSERT_EQ(given.status, 200) << given.body;
  const std::string access = text(given, "access_token");
  const std::string renewal = text(given, "refresh_token");
  EXPECT_EQ(given.body, fmt::format(R"({{"access_token":"{}","token_type":"Bearer",)"
                                    R"("expires_in":43200,"refresh_token":"{}"}})"
                                    "\n",
                                    access, renewal));
  EXPECT_EQ(opens(access), "ada@example.com");
  EXPECT_EQ(opens(renewal), "the token only renews others");
  EXPECT_EQ(record(access).kind, state::TokenKind::device);
  EXPECT_EQ(record(access).groups, ada().person.groups);
  EXPECT_EQ(record(access).title, "signet-login at 192.0.2.7");
  EXPECT_EQ(record(renewal).kind, state::TokenKind::renewal);
  EXPECT_EQ(record(renewal).expires, now() + 30 * 86'400);
  EXPECT_EQ(record(renewal).family, record(access).family);
  EXPECT_EQ(record(renewal).family.size(), 16u);
  ASSERT_TRUE(given.event);
  EXPECT_EQ(given.event->event, "token-made");
  EXPECT_EQ(given.event->person, "ada@example.com");
  EXPECT_TRUE(given.event->detail.contains("kind=device"));
  EXPECT_TRUE(given.event->detail.ends_with("family=" + record(access).family));
  EXPECT_FALSE(given.event->detail.contains("sgn_"));
  EXPECT_EQ(error(poll(code)), "400 invalid_grant") << "a device code works once";
}

TEST_F(DeviceApiTest, EveryRefusalOfBeginning) {
  const auto with = [](auto change) {
    ApiCall call = post_form("/device/authorize", std::string(kBegin));
    change(call);
    return call;
  };
  struct Row {
    ApiCall call;
    std::string expected;
  };
  for (Row& row : std::vector<Row>{
           {post_form("/device/authorize", ""), "400 invalid_request"},
           {post_form("/device/authorize", "client_id="), "400 invalid_request"},
           {post_form("/device/authorize", "client_id=other"), "400 invalid_client"},
           {post_form("/device/authorize", "client_id=Signet-CLI"), "400 invalid_client"},
           {post_form("/device/authorize", "client_id=signet-cli&client_id=signet-cli"),
            "400 invalid_request"},
           {post_form("/device/authorize", "client_id=%"), "400 invalid_request"},
           {post_form("/device/authorize", std::string(kBegin) + "&x=%00"), "400 invalid_request"},
           {post_form("/device/authorize", std::string(kBegin) + "&" + std::string(20'000, 'a')),
            "400 invalid_request"},
           {post_form("/device/authorize", std::string(kMaxApiBody + 1, 'a')),
            "400 invalid_request"},
           {with([](ApiCall& call) { call.content_type = ""; }), "400 invalid_request"},
           {with([](ApiCall& call) { call.content_type = "application/json"; }),
            "400 invalid_request"},
           {with([](ApiCall& call) { call.content_type = "multipart/form-data; boundary=x"; }),
            "400 invalid_request"},
           {with([](ApiCall& call) { call.query = "client_id=signet-cli"; }),
            "400 invalid_request"},
       }) {
    const std::string body = row.call.body.substr(0, 80);
    const ApiAnswer answer = ask(std::move(row.call));
    EXPECT_EQ(error(answer), row.expected) << body;
    EXPECT_EQ(answer.refusal, "bad-request") << body;
    EXPECT_FALSE(answer.detail.empty()) << body;
  }
}

TEST_F(DeviceApiTest, EveryRefusalOfTokens) {
  const std::string code = text(authorize(), "device_code");
  const std::string good = kDeviceType + "&client_id=signet-cli&device_code=" + code;
  const std::string renewal = text(sign_in(), "refresh_token");
  struct Row {
    std::string form;
    std::string expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", "400 invalid_request"},
           {"grant_type=", "400 invalid_request"},
           {"grant_type=password&username=a&password=b", "400 unsupported_grant_type"},
           {"grant_type=authorization_code&code=x", "400 unsupported_grant_type"},
           {"grant_type=client_credentials", "400 unsupported_grant_type"},
           {"grant_type=device_code&client_id=signet-cli&device_code=" + code,
            "400 unsupported_grant_type"},
           {kDeviceType + "&device_code=" + code, "400 invalid_request"},
           {kDeviceType + "&client_id=x&device_code=" + code, "400 invalid_client"},
           {kDeviceType + "&client_id=signet-cli", "400 invalid_request"},
           {kDeviceType + "&client_id=signet-cli&device_code=", "400 invalid_request"},
           {kDeviceType + "&client_id=signet-cli&device_code=x", "400 invalid_grant"},
           {kDeviceType + "&client_id=signet-cli&device_code=" + std::string(129, 'x'),
            "400 invalid_grant"},
           {kDeviceType + "&client_id=signet-cli&device_code=x.1", "400 expired_token"},
           {kDeviceType + "&client_id=signet-cli&device_code=x.1x", "400 invalid_grant"},
           {kDeviceType + "&client_id=signet-cli&device_code=x.-1", "400 invalid_grant"},
           {kDeviceType + "&client_id=signet-cli&device_code=x.", "400 invalid_grant"},
           {kDeviceType + "&client_id=signet-cli&device_code=x.99999999999999999999",
            "400 invalid_grant"},
           {good + "&device_code=" + code, "400 invalid_request"},
           {good, "400 authorization_pending"},
           {"grant_type=refresh_token", "400 invalid_request"},
           {"grant_type=refresh_token&refresh_token=", "400 invalid_request"},
           {"grant_type=refresh_token&client_id=x&refresh_token=" + renewal, "400 invalid_client"},
           {"grant_type=refresh_token&refresh_token=x", "400 invalid_grant"},
           {"grant_type=refresh_token&refresh_token=" + identity::new_secret(random),
            "400 invalid_grant"},
           {"grant_type=refresh_token&refresh_token=" + renewal, "200 -"},
       }) {
    const ApiAnswer answer = token(row.form);
    EXPECT_EQ(error(answer), row.expected) << row.form;
    EXPECT_EQ(answer.detail.empty(), answer.status == 200) << row.form;
    EXPECT_FALSE(answer.detail.contains(code)) << row.form;
  }
}

TEST_F(DeviceApiTest, WhoHurriesIsSlowedDown) {
  const std::string code = text(authorize(), "device_code");
  EXPECT_EQ(error(poll(code)), "400 authorization_pending");
  const ApiAnswer hurried = poll(code);
  EXPECT_EQ(error(hurried), "400 slow_down");
  EXPECT_EQ(hurried.refusal, "") << "it is told to wait, not refused";
  pass_seconds(3);
  EXPECT_EQ(error(poll(code)), "400 slow_down");
  pass_seconds(4);
  EXPECT_EQ(error(poll(code)), "400 authorization_pending");
}

TEST_F(DeviceApiTest, WhoHurriesAfterConsentIsNotLost) {
  const ApiAnswer begun = authorize();
  poll(text(begun, "device_code"));
  decide(text(begun, "user_code"), true, ada());
  EXPECT_EQ(poll(text(begun, "device_code")).status, 200);
}

TEST_F(DeviceApiTest, ADeniedOneIsTold) {
  const ApiAnswer begun = authorize();
  const ApiAnswer decided = decide(text(begun, "user_code"), false, ada());
  EXPECT_EQ(decided.status, 204);
  EXPECT_EQ(decided.event->event, "device-denied");
  EXPECT_EQ(text(show(text(begun, "user_code")), "state"), "denied");
  const ApiAnswer told = poll(text(begun, "device_code"));
  EXPECT_EQ(error(told), "400 access_denied");
  EXPECT_EQ(told.refusal, "forbidden");
  EXPECT_EQ(error(poll(text(begun, "device_code"))), "400 invalid_grant");
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(DeviceApiTest, AnExpiredOneIsTold) {
  const ApiAnswer begun = authorize();
  pass_seconds(600);
  EXPECT_EQ(error(poll(text(begun, "device_code"))), "400 expired_token");
  EXPECT_EQ(show(text(begun, "user_code")).status, 404);
  EXPECT_EQ(decide(text(begun, "user_code"), true, ada()).status, 404);
}

TEST_F(DeviceApiTest, APersonWhoWasRevokedSinceGivesNothing) {
  const ApiAnswer begun = authorize();
  decide(text(begun, "user_code"), true, ada());
  revoke_person("ada@example.com");
  pass_seconds(10);
  EXPECT_EQ(error(poll(text(begun, "device_code"))), "400 access_denied");
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(DeviceApiTest, EveryRefusalOfDeciding) {
  const std::string code = text(authorize(), "user_code");
  const std::string yes = fmt::format(R"({{"user_code":"{}","approve":true}})", code);
  const std::string session =
      "403 forbidden: This takes somebody who has signed in with a browser.";
  const std::string letters = "400 bad-request: A code has eight letters, none of them a vowel.";
  const std::string none = "404: There is no such code. It may have been used, or have expired.";
  const auto with = [&](auto change) {
    ApiCall call = post_json("/device/grants", yes);
    change(call);
    return call;
  };
  struct Row {
    ApiCall call;
    std::string expected;
  };
  for (Row& row : std::vector<Row>{
           {post_json("/device/grants", yes, std::nullopt), "401 unauthenticated: Sign in first."},
           {post_json("/device/grants", yes, by(Means::token)), session},
           {post_json("/device/grants", yes, by(Means::bearer)), session},
           {post_json("/device/grants", yes, by(Means::load_balancer)), session},
           {post_json("/device/grants", yes, caller_of("ada@example.com", kNow - 601)),
            "403 sign-in-too-old: You signed in more than ten minutes ago. Sign in again to do "
            "this."},
           {with([](ApiCall& call) { call.content_type = "application/x-www-form-urlencoded"; }),
            "415 bad-request: The Content-Type is to be application/json."},
           {with([](ApiCall& call) { call.query = "approve=true"; }),
            "400 bad-request: This address takes no query."},
           {post_json("/device/grants", "[]"),
            "400 bad-request: The body is not one plain JSON object, each member once."},
           {post_json("/device/grants", R"({"user_code":"WDJB-MJHA","approve":true})"), letters},
           {post_json("/device/grants", R"({"user_code":"","approve":true})"), letters},
           {post_json("/device/grants", R"({"user_code":"BBBB-BBBB","approve":true})"), none},
           {with([](ApiCall&) {}), "204"},
           {with([](ApiCall&) {}), "409: This code has been decided already."},
       }) {
    const std::string body = row.call.body;
    const ApiAnswer answer = ask(std::move(row.call));
    EXPECT_EQ(said(answer), row.expected) << body;
    EXPECT_EQ(answer.event.has_value(), answer.status == 204) << body;
    EXPECT_FALSE(answer.detail.contains(code));
  }
}

TEST_F(DeviceApiTest, EveryRefusalOfShowing) {
  const std::string code = text(authorize(), "user_code");
  const std::string query = "400 bad-request: This address takes user_code=CODE and nothing else.";
  struct Row {
    std::optional<Caller> caller;
    std::string query;
    std::string expected;
  };
  const Caller person = caller_of("ada@example.com", kNow - 40'000);
  for (const Row& row : std::vector<Row>{
           {std::nullopt, "user_code=" + code, "401 unauthenticated: Sign in first."},
           {by(Means::token), "user_code=" + code,
            "403 forbidden: This takes somebody who has signed in with a browser."},
           {person, "", query},
           {person, "code=" + code, query},
           {person, "user_code=" + code + "&user_code=" + code, query},
           {person, "user_code=" + code + "&a=b", query},
           {person, "user_code=%GG", query},
           {person, "user_code=AAAA-AAAA",
            "400 bad-request: A code has eight letters, none of them a vowel."},
           {person, "user_code=BBBB-BBBB",
            "404: There is no such code. It may have been used, or have expired."},
           {person, "user_code=" + code, "200"},
           {person, "user_code=+" + code.substr(0, 4) + "++" + code.substr(5), "200"},
       }) {
    ApiCall call = call_of(Method::get, "/device/grants", row.caller);
    call.query = row.query;
    EXPECT_EQ(said(ask(call)), row.expected) << row.query;
  }
}

TEST_F(DeviceApiTest, CodesCannotBeGuessed) {
  const std::string code = text(authorize(), "user_code");
  // What is right, and what is no code at all, is not counted.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(show(code).status, 200);
    EXPECT_EQ(show("AAAA-AAAA").status, 400);
  }
  for (std::size_t i = 0; i < kMostWrongCodes; ++i) {
    EXPECT_EQ((i % 2 == 0 ? show("BBBB-BBBB") : decide("CCCC-CCCC", true, ada())).status, 404);
    pass_seconds(1);
  }
  const ApiAnswer refused = show(code);
  EXPECT_EQ(said(refused), "429 rate-limited: Too many wrong codes. Wait some minutes.");
  EXPECT_EQ(refused.retry_after, 590);
  EXPECT_EQ(decide(code, true, ada()).status, 429);
  EXPECT_EQ(show(code, caller_of("bob@example.com")).status, 200) << "each has their own";
  pass_seconds(refused.retry_after);
  const std::string later = text(authorize(), "user_code");
  EXPECT_EQ(decide(later, true, ada()).status, 204);
}

TEST_F(DeviceApiTest, ManyGuessesAtOnceAreNoWayAround) {
  std::vector<std::optional<ApiAnswer>> answers(60);
  runtime::TaskSet tasks(loop);
  for (auto& answer : answers) {
    ApiCall call = call_of(Method::get, "/device/grants");
    call.query = "user_code=BBBB-BBBB";
    tasks.start(keep(api->handle(std::move(call)), answer));
  }
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& each) { return each->status == 404; }),
            kMostWrongCodes);
}

TEST_F(DeviceApiTest, OneAddressBeginsOnlySoMany) {
  for (std::size_t i = 0; i < kMostBegun; ++i)
    EXPECT_EQ(authorize().status, 200);
  const ApiAnswer refused = authorize();
  EXPECT_EQ(said(refused), "429 rate-limited: Too many sign-ins were begun from here.");
  EXPECT_EQ(refused.retry_after, 600);
  ApiCall elsewhere = post_form("/device/authorize", std::string(kBegin));
  elsewhere.client_address = "2001:db8::1";
  EXPECT_EQ(ask(elsewhere).status, 200);
}

TEST_F(DeviceApiTest, OnlySoManyArePending) {
  api.reset();
  store.reset();
  state::SqliteSettings settings;
  settings.device_grants = 2;
  open(settings);
  begin();
  EXPECT_EQ(authorize().status, 200);
  EXPECT_EQ(authorize().status, 200);
  const ApiAnswer full = authorize();
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(text(full, "error_code"), "TEMPORARILY_UNAVAILABLE");
  EXPECT_EQ(full.retry_after, 60);
}

TEST_F(DeviceApiTest, AStoreInTroubleIs503) {
  const ApiAnswer begun = authorize();
  const ApiAnswer given = sign_in();
  std::filesystem::rename(path, path + ".away");
  EXPECT_EQ(authorize().status, 503);
  EXPECT_EQ(poll(text(begun, "device_code")).status, 503);
  EXPECT_EQ(renew(text(given, "refresh_token")).status, 503);
  EXPECT_EQ(show(text(begun, "user_code")).status, 503);
  EXPECT_EQ(decide(text(begun, "user_code"), true, ada()).status, 503);
  pass(std::chrono::seconds(5));
  EXPECT_EQ(renew(identity::new_secret(random)).status, 503) << "it may be known to others";
  std::filesystem::rename(path + ".away", path);
  EXPECT_EQ(renew(text(given, "refresh_token")).status, 200) << "it was not used up";
}

}  // namespace
}  // namespace signet::portal_api
