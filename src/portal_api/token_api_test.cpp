#include "portal_api/token_api.h"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "portal_api/account_rig_for_tests.h"

namespace signet::portal_api {
namespace {

using http::Method;
using identity::Means;

constexpr std::int64_t kDay = 86'400;
const std::string kLaptop = R"({"title":"laptop"})";

class TokenApiTest : public testing::Test, protected AccountRig {
 protected:
  ApiAnswer make(const std::string& body, Caller caller = caller_of("ada@example.com")) {
    return ask(post_json("/tokens", body, std::move(caller)));
  }
  ApiAnswer list(Caller caller, const std::string& query = {}) {
    ApiCall call = call_of(Method::get, "/tokens", std::move(caller));
    call.query = query;
    return ask(call);
  }
  ApiAnswer drop(const std::string& id, Caller caller = caller_of("ada@example.com")) {
    return ask(call_of(Method::delete_, "/tokens/" + id, std::move(caller)));
  }
  const state::Token* record(const ApiAnswer& made) {
    return store->snapshot()->find_token(identity::token_hash(text(made, "secret")));
  }
  // The ids in a list, "title:state" each.
  static std::string titles(const ApiAnswer& answer) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.parse(answer.body).get(root) != simdjson::SUCCESS) return "!" + answer.body;
    std::string line;
    for (simdjson::dom::element token : root["tokens"].get_array()) {
      line += std::string(std::string_view(token["title"])) + ":" +
              std::string(std::string_view(token["state"])) + " ";
    }
    return line;
  }
  Caller token_caller(const std::string& id, const std::string& token_id) {
    Caller caller = by(Means::token, caller_of(id));
    caller.token_id = token_id;
    return caller;
  }
};

TEST_F(TokenApiTest, AMadeOneOpensForItsOwner) {
  const ApiAnswer made = make(R"({"title":"Ada's laptop","lifetime_days":7,"apps":["research"],)"
                              R"("permission":"USE"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = text(made, "secret");
  EXPECT_TRUE(identity::is_well_formed(secret));
  EXPECT_EQ(opens(secret), "ada@example.com");
  const state::Token* token = record(made);
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(made.body, fmt::format(R"({{"token":{{"id":"{}","kind":"personal",)"
                                   R"("title":"Ada's laptop","person":"ada@example.com",)"
                                   R"("made_at":"2027-01-15T08:00:00Z",)"
                                   R"("expires_at":"2027-01-22T08:00:00Z","apps":["research"],)"
                                   R"("permission":"USE","last_used_at":null,"revoked_at":null,)"
                                   R"("state":"usable"}},"secret":"{}"}})"
                                   "\n",
                                   token->id, secret));
  EXPECT_TRUE(is_token_id(token->id));
  EXPECT_EQ(token->kind, state::TokenKind::personal);
  EXPECT_EQ(token->groups, (std::vector<std::string>{"team-a", "team-b"}));
  EXPECT_EQ(token->at_most, 2);
  EXPECT_EQ(token->expires, kNow + 7 * kDay);
  EXPECT_EQ(token->family, "");
  ASSERT_TRUE(made.event);
  EXPECT_EQ(made.event->event, "token-made");
  EXPECT_EQ(made.event->person, "ada@example.com");
  EXPECT_EQ(made.event->detail,
            fmt::format("id={} kind=personal person=ada@example.com apps=research permission=USE "
                        "expires={}",
                        token->id, token->expires));
  EXPECT_FALSE(made.detail.contains("sgn_"));
}

TEST_F(TokenApiTest, Lifetimes) {
  struct Row {
    runtime::Duration most;
    std::string days;
    std::int64_t expected;  // seconds; 0: refused
  };
  using std::chrono::hours;
  for (const Row& row :
       std::vector<Row>{{hours(24 * 90), "", 30 * kDay},
                        {hours(24 * 90), R"(,"lifetime_days":90)", 90 * kDay},
                        {hours(24 * 90), R"(,"lifetime_days":91)", 0},
                        {hours(24 * 90), R"(,"lifetime_days":9007199254740993)", 0},
                        {hours(24 * 7), "", 7 * kDay},
                        {hours(24 * 7), R"(,"lifetime_days":1)", kDay},
                        {hours(36), R"(,"lifetime_days":2)", kDay * 3 / 2},
                        {hours(12), "", kDay / 2},
                        {hours(12), R"(,"lifetime_days":1)", kDay / 2},
                        {hours(12), R"(,"lifetime_days":2)", 0}}) {
    AccountRules rules;
    rules.max_lifetime = row.most;
    api->configure(rules);
    const ApiAnswer made = make(R"({"title":"t")" + row.days + "}");
    if (row.expected == 0) {
      EXPECT_EQ(made.status, 400) << row.days;
      EXPECT_TRUE(text(made, "message").starts_with("lifetime_days is at most")) << made.body;
    } else {
      ASSERT_EQ(made.status, 201) << row.days << made.body;
      EXPECT_EQ(record(made)->expires - kNow, row.expected) << row.days;
    }
  }
  EXPECT_EQ(max_token_days(hours(24 * 90)), 90);
  EXPECT_EQ(max_token_days(hours(25)), 2);
  EXPECT_EQ(max_token_days(hours(1)), 1);
}

TEST_F(TokenApiTest, EveryRefusalOfMaking) {
  const std::string too_old =
      "403 sign-in-too-old: You signed in more than ten minutes ago. Sign in again to do this.";
  const std::string session =
      "403 forbidden: This takes somebody who has signed in with a browser.";
  const std::string type = "415 bad-request: The Content-Type is to be application/json.";
  const std::string service = R"({"title":"nightly","kind":"service","groups":["ci"]})";
  const auto with = [](auto change) {
    ApiCall call = post_json("/tokens", kLaptop);
    change(call);
    return call;
  };
  struct Row {
    ApiCall call;
    std::string expected;
  };
  for (Row& row : std::vector<Row>{
           {post_json("/tokens", kLaptop, std::nullopt), "401 unauthenticated: Sign in first."},
           {post_json("/tokens", kLaptop, by(Means::token)), session},
           {post_json("/tokens", kLaptop, by(Means::bearer)), session},
           {post_json("/tokens", kLaptop, by(Means::load_balancer)), session},
           {post_json("/tokens", service, by(Means::token, admin())), session},
           {post_json("/tokens", kLaptop, caller_of("ada@example.com", kNow - 601)), too_old},
           {post_json("/tokens", kLaptop, caller_of("ada@example.com", 0)), too_old},
           {post_json("/tokens", kLaptop, caller_of("ada@example.com", kNow + 61)), too_old},
           {with([](ApiCall& call) { call.content_type = ""; }), type},
           {with([](ApiCall& call) { call.content_type = "text/plain"; }), type},
           {with([](ApiCall& call) { call.content_type = "application/jsonp"; }), type},
           {with([](ApiCall& call) { call.content_type = "application/json;charset=latin1"; }),
            type},
           {with([](ApiCall& call) { call.content_type = "application/json; a=b; c=d"; }), type},
           {with([](ApiCall& call) { call.body.append(kMaxApiBody, ' '); }),
            "413 too-large: The body is too large."},
           {with([](ApiCall& call) { call.query = "kind=service"; }),
            "400 bad-request: This address takes no query."},
           {post_json("/tokens", "{"),
            "400 bad-request: The body is not one plain JSON object, each member once."},
           {post_json("/tokens", R"({"title":"t","apps":["research","gone"]})"),
            "400 bad-request: apps names one that is not there."},
           {post_json("/tokens", R"({"title":"t","apps":["*"]})"),
            "400 bad-request: apps names one that is not there."},
           {post_json("/tokens", R"({"title":"t","lifetime_days":91})"),
            "400 bad-request: lifetime_days is at most 90."},
           {post_json("/tokens", service),
            "403 forbidden: Only administrators make tokens of services."},
       }) {
    const std::string body = row.call.body.substr(0, 100);
    const ApiAnswer answer = ask(std::move(row.call));
    EXPECT_EQ(said(answer), row.expected) << body;
    EXPECT_FALSE(answer.event) << body;
    EXPECT_FALSE(answer.detail.empty()) << body;
  }
  EXPECT_EQ(store->snapshot()->tokens(), 0u);
}

TEST_F(TokenApiTest, WhatIsStillFreshOrWellTyped) {
  EXPECT_EQ(make(kLaptop, caller_of("ada@example.com", kNow - 600)).status, 201);
  EXPECT_EQ(make(kLaptop, caller_of("ada@example.com", kNow + 60)).status, 201);
  for (const char* type : {"application/json; charset=utf-8", "Application/JSON;charset=UTF-8",
                           "application/json ; charset=\"utf-8\""}) {
    ApiCall call = post_json("/tokens", kLaptop);
    call.content_type = type;
    EXPECT_EQ(ask(call).status, 201) << type;
  }
}

TEST_F(TokenApiTest, AServicesTokenIsItsOwnPerson) {
  const ApiAnswer made =
      make(R"({"title":"nightly-1","kind":"service","groups":["ci","all"],"permission":"EDIT"})",
           admin());
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(opens(text(made, "secret")), "service:nightly-1");
  EXPECT_EQ(record(made)->groups, (std::vector<std::string>{"ci", "all"}));
  EXPECT_EQ(text(made, "token/kind"), "service");
  EXPECT_EQ(made.event->person, "root@example.com");
  EXPECT_TRUE(made.event->detail.contains("person=service:nightly-1 apps=* permission=EDIT"));
  EXPECT_TRUE(made.event->detail.ends_with("groups=ci,all"));
  EXPECT_EQ(titles(list(admin(), "person=service:nightly-1")), "nightly-1:usable ");
  // A second one, so that the first can be replaced without a gap.
  EXPECT_EQ(make(R"({"title":"nightly-1","kind":"service","groups":["ci"]})", admin()).status, 201);
}

TEST_F(TokenApiTest, OnlySoManyAreUsableAtOnce) {
  std::string last;
  for (std::size_t i = 0; i < kMostTokens; ++i) {
    const ApiAnswer made = make(R"({"title":"t","lifetime_days":1})");
    ASSERT_EQ(made.status, 201);
    last = text(made, "token/id");
  }
  const std::string full = "409 too-many-tokens: There are 50 of these already. Revoke one first.";
  EXPECT_EQ(said(make(kLaptop)), full);
  EXPECT_EQ(make(kLaptop, caller_of("bob@example.com")).status, 201) << "each has their own";
  EXPECT_EQ(drop(last).status, 204);
  EXPECT_EQ(make(kLaptop).status, 201);
  EXPECT_EQ(said(make(kLaptop)), full);
  pass_seconds(kDay);
  EXPECT_EQ(make(kLaptop, caller_of("ada@example.com", now())).status, 201);
}

TEST_F(TokenApiTest, ManyAtOnceAreNoWayAround) {
  std::vector<std::optional<ApiAnswer>> answers(kMostTokens + 20);
  runtime::TaskSet tasks(loop);
  for (auto& answer : answers)
    tasks.start(keep(api->handle(post_json("/tokens", kLaptop)), answer));
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& each) { return each->status == 201; }),
            kMostTokens);
  EXPECT_EQ(store->snapshot()->tokens(), kMostTokens);
}

TEST_F(TokenApiTest, Lists) {
  make(R"({"title":"first","lifetime_days":1})");
  pass_seconds(1);
  const std::string second = text(make(R"({"title":"second"})"), "token/id");
  make(R"({"title":"bobs"})", caller_of("bob@example.com"));
  const Caller ada = caller_of("ada@example.com");
  EXPECT_EQ(titles(list(ada)), "second:usable first:usable ");
  EXPECT_EQ(titles(list(ada, "person=Ada@Example.com")), "second:usable first:usable ");
  EXPECT_EQ(titles(list(caller_of("eve@example.com"))), "");
  EXPECT_EQ(titles(list(admin(), "person=ada%40example.com")), "second:usable first:usable ");
  EXPECT_EQ(titles(list(admin())), "");
  EXPECT_EQ(drop(second).status, 204);
  pass_seconds(kDay);
  EXPECT_EQ(titles(list(ada)), "second:revoked first:expired ");
  EXPECT_EQ(text(list(ada), "tokens/0/revoked_at"), "2027-01-15T08:00:01Z");
  EXPECT_FALSE(list(ada).body.contains("sgn_"));
  EXPECT_FALSE(list(ada).event);

  ApiCall head = call_of(Method::head, "/tokens");
  EXPECT_EQ(ask(head).status, 200);
}

TEST_F(TokenApiTest, WhatItsOwnersRevocationEndedIsListedSo) {
  make(R"({"title":"before"})");
  revoke_person("ada@example.com");
  pass_seconds(1);
  make(R"({"title":"after"})");
  const ApiAnswer answer = list(caller_of("ada@example.com"));
  EXPECT_EQ(titles(answer), "after:usable before:revoked ");
  EXPECT_EQ(text(answer, "tokens/1/revoked_at"), "2027-01-15T08:00:00Z");
}

TEST_F(TokenApiTest, EveryRefusalOfListing) {
  const std::string query = "400 bad-request: This address takes person=ID and nothing else.";
  struct Row {
    std::optional<Caller> caller;
    std::string query;
    std::string expected;
  };
  Caller narrowed = by(Means::token, admin());
  narrowed.at_most = 1;
  Caller on_one_app = by(Means::token, admin());
  on_one_app.apps = {"research"};
  const std::string others = "403 forbidden: Only administrators see other people's tokens.";
  const Caller ada = caller_of("ada@example.com");
  for (const Row& row : std::vector<Row>{{std::nullopt, "", "401 unauthenticated: Sign in first."},
                                         {ada, "person=bob", others},
                                         {ada, "person=", others},
                                         {narrowed, "person=bob", others},
                                         {on_one_app, "person=bob", others},
                                         {by(Means::token, admin()), "person=bob", "200"},
                                         {ada, "persons=bob", query},
                                         {ada, "person=ada&x=1", query},
                                         {ada, "person=a&person=b", query},
                                         {ada, "person=%zz", query}}) {
    ApiCall call = call_of(Method::get, "/tokens", row.caller);
    call.query = row.query;
    EXPECT_EQ(said(ask(call)), row.expected) << row.query;
  }
}

TEST_F(TokenApiTest, ANarrowedTokenSeesAndEndsItself) {
  const std::string full = text(make(R"({"title":"full"})"), "token/id");
  const std::string narrow = text(make(R"({"title":"narrow","permission":"READ"})"), "token/id");
  Caller narrowed = token_caller("ada@example.com", narrow);
  narrowed.at_most = 1;
  EXPECT_EQ(titles(list(narrowed)), "narrow:usable ");
  EXPECT_EQ(drop(full, narrowed).status, 404);
  EXPECT_EQ(drop(narrow, narrowed).status, 204);
  const Caller whole = token_caller("ada@example.com", full);
  EXPECT_EQ(titles(list(whole)).size(), std::string("full:usable narrow:revoked ").size());
  EXPECT_EQ(drop(full, whole).status, 204);
}

TEST_F(TokenApiTest, Revokes) {
  const ApiAnswer made = make(kLaptop);
  const std::string id = text(made, "token/id");
  const std::string secret = text(made, "secret");
  const std::string none = "404: There is no such token.";
  EXPECT_EQ(said(drop("0123456789abcdef")), none);
  EXPECT_EQ(said(drop(id, caller_of("eve@example.com"))), none) << "the same as for none at all";
  EXPECT_EQ(opens(secret), "ada@example.com");
  ApiCall with_body = call_of(Method::delete_, "/tokens/" + id);
  with_body.body = "{}";
  EXPECT_EQ(said(ask(with_body)), "400 bad-request: This address takes no body.");
  ApiCall with_query = call_of(Method::delete_, "/tokens/" + id);
  with_query.query = "a";
  EXPECT_EQ(said(ask(with_query)), "400 bad-request: This address takes no query.");
  EXPECT_EQ(said(ask(call_of(Method::delete_, "/tokens/" + id, std::nullopt))),
            "401 unauthenticated: Sign in first.");
  EXPECT_EQ(opens(secret), "ada@example.com");

  const ApiAnswer gone = drop(id);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(opens(secret), "the token is revoked");
  ASSERT_TRUE(gone.event);
  EXPECT_EQ(gone.event->event, "token-revoked");
  EXPECT_TRUE(gone.event->detail.starts_with("id=" + id + " kind=personal"));
  const ApiAnswer again = drop(id);
  EXPECT_EQ(again.status, 204);
  EXPECT_FALSE(again.event) << "nothing was done";
}

TEST_F(TokenApiTest, AnAdministratorRevokesAnybodys) {
  const std::string id = text(make(kLaptop), "token/id");
  Caller narrowed = by(Means::token, admin());
  narrowed.apps = {"research"};
  EXPECT_EQ(drop(id, narrowed).status, 404);
  const ApiAnswer gone = drop(id, admin());
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.event->person, "root@example.com");
  EXPECT_TRUE(gone.event->detail.contains("person=ada@example.com"));
}

TEST_F(TokenApiTest, AStoreInTroubleIs503) {
  const std::string id = text(make(kLaptop), "token/id");
  std::filesystem::rename(path, path + ".away");
  const std::string later = "503 overloaded: This cannot be done at the moment. Try again later.";
  const ApiAnswer answer = make(kLaptop);
  EXPECT_EQ(said(answer), later);
  EXPECT_EQ(text(answer, "error_code"), "TEMPORARILY_UNAVAILABLE");
  EXPECT_GT(answer.retry_after, 0);
  EXPECT_EQ(answer.detail, "the store was asked to add a token: unavailable");
  EXPECT_FALSE(answer.event);
  EXPECT_EQ(said(drop(id)), later);
  std::filesystem::rename(path + ".away", path);
  EXPECT_EQ(drop(id).status, 204);
}

}  // namespace
}  // namespace signet::portal_api
