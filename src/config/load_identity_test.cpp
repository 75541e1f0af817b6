#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/environment_for_tests.h"
#include "config/load.h"

namespace signet::config {
namespace {

constexpr std::string_view kApps =
    "apps:\n"
    "  - {name: research, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}\n"
    "  - {name: sandbox, kind: mlflow, endpoint: \"http://127.0.0.1:2\"}\n";
constexpr std::string_view kIdentity =
    "identity: {bearer: [{issuer: \"https://login.example.com\", audience: signet}]}\n";
constexpr std::string_view kAccess =
    "access: {rules: [{groups: [everyone], apps: [\"*\"], permission: READ}]}\n";

std::string told(std::string_view text) {
  auto config = load_text("f", text, TestEnvironment());
  std::string all;
  const Problems& problems = config ? config->warnings : config.error();
  for (const Problem& problem : problems)
    all += (config ? "warning: " : "") + problem.text() + '\n';
  return all;
}

TEST(LoadIdentity, EveryAcceptedKey) {
  const std::string text = std::string(kApps) + R"(
identity:
  same_people: true
  bearer:
    - issuer: https://token.actions.githubusercontent.com
      audience: [signet, "https://mlflow.example.com"]
      require: {repository_owner: example-org, ref: [refs/heads/main, refs/heads/next]}
      groups: [ci]
    - issuer: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc
      audience: 1h57kf5cpq17m0eml12EXAMPLE
      audience_claim: client_id
      claims: {person: sub, name: username, groups: "cognito:groups"}
access:
  admins: {groups: [ml-platform], people: [Root@Example.com]}
  rules:
    - {groups: [everyone], apps: ["*"], permission: READ}
    - {people: ["Ada@example.com", "repo:x/Y"], groups: [ci], apps: [research, "sand*"], permission: EDIT}
    - {groups: [interns], apps: research, permission: NO_PERMISSIONS}
)";
  auto config = load_text("f", text, TestEnvironment());
  ASSERT_TRUE(config) << told(text);
  EXPECT_TRUE(config->identity.given && config->access.given && config->identity.same_people);
  ASSERT_EQ(config->identity.bearer.size(), 2u);
  const BearerIssuer& github = config->identity.bearer[0];
  EXPECT_EQ(github.issuer, "https://token.actions.githubusercontent.com");
  EXPECT_EQ(github.url.host, "token.actions.githubusercontent.com");
  EXPECT_EQ(github.audiences, (std::vector<std::string>{"signet", "https://mlflow.example.com"}));
  ASSERT_EQ(github.require.size(), 2u);
  EXPECT_EQ(github.require[1].claim, "ref");
  EXPECT_EQ(github.require[1].values.size(), 2u);
  EXPECT_EQ(github.claims.person, "sub");
  EXPECT_EQ(github.groups, std::vector<std::string>{"ci"});
  const BearerIssuer& cognito = config->identity.bearer[1];
  EXPECT_EQ(cognito.audience_claim, AudienceClaim::client_id);
  EXPECT_EQ(cognito.claims.groups, "cognito:groups");
  EXPECT_EQ(cognito.claims.name, "username");
  EXPECT_EQ(config->access.admins.people, std::vector<std::string>{"root@example.com"});
  ASSERT_EQ(config->access.rules.size(), 3u);
  EXPECT_EQ(config->access.rules[1].subjects.people,
            (std::vector<std::string>{"ada@example.com", "repo:x/Y"}));
  EXPECT_EQ(config->access.rules[1].apps, (std::vector<std::string>{"research", "sand*"}));
  EXPECT_EQ(config->access.rules[2].permission, Permission::none);
}

TEST(LoadIdentity, ListensEverywhereOnlyWhenPeopleAreKnown) {
  const std::string listen = "listen: [{address: \"0.0.0.0:8443\"}]\n";
  EXPECT_NE(told(std::string(kApps) + listen).find("without identity everybody may do everything"),
            std::string::npos);
  const std::string known =
      std::string(kApps) + listen + std::string(kIdentity) + std::string(kAccess);
  EXPECT_NE(told(known).find("f:4:9: public_url is missing"), std::string::npos) << told(known);
  EXPECT_EQ(told("public_url: https://mlflow.example.com\n" + known), "");
  EXPECT_NE(
      told(known + "admin: {address: \"0.0.0.0:9901\"}\n").find("admin.address: 0.0.0.0:9901"),
      std::string::npos);
}

struct Row {
  std::string_view text;
  std::string_view problem;
};

TEST(LoadIdentity, BadValues) {
  for (auto [text, problem] : std::vector<Row>{
           {"identity: {}", "f:4:11: identity: there is no way for anybody to be known: give "},
           {"identity: {bearer: []}", ""},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: s}]}\n"
            "log: {audit: off}",
            "f:5:14: log.audit: what people do is recorded where they are known"},
           {"identity: {bearer: [{audience: s}]}", "identity.bearer[0] has no issuer"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\"}]}",
            "identity.bearer[0] has no audience"},
           {"identity: {bearer: [{issuer: \"http://a.example.com\", audience: s}]}",
            "its keys come over plain http"},
           {"identity: {bearer: [{issuer: a.example.com, audience: s}]}",
            "does not begin with https:// or http://"},
           {"identity: {bearer: [{issuer: \"https://gitlab.com\", audience: s}]}",
            "anybody can get a token of this issuer: give require"},
           {"identity: {bearer: [{issuer: \"https://login.microsoftonline.com/common/v2.0\", "
            "audience: s}]}",
            "anybody can get a token of this issuer"},
           {"identity: {bearer: [{issuer: \"https://accounts.google.com\", audience: s, require: "
            "{}}]}",
            "anybody can get a token of this issuer"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: [s, s]}]}",
            "\"s\" is there twice"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: []}]}",
            "the list is empty"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: s, "
            "audience_claim: azp}]}",
            "audience_claim"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: s, "
            "require: {a: 1}}]}",
            "identity.bearer[0].require.a: this is a number"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: s, "
            "claims: {persno: sub}}]}",
            "did you mean \"person\"?"},
           {"identity: {bearer: [{issuer: \"https://a.example.com\", audience: s}, "
            "{issuer: \"https://b.example.com\", audience: s}]}",
            "https://a.example.com and https://b.example.com both name people by sub"}}) {
    const std::string found =
        told(std::string(kApps) + std::string(text) + "\n" + std::string(kAccess));
    if (problem.empty()) {
      EXPECT_EQ(found, "") << text;
    } else {
      EXPECT_NE(found.find(problem), std::string::npos) << text << '\n' << found;
      EXPECT_EQ(std::ranges::count(found, '\n'), 1) << text << '\n' << found;
    }
  }
  EXPECT_EQ(told(std::string(kApps) +
                 "identity: {bearer: [{issuer: \"https://a.example.com\", audience: s}, "
                 "{issuer: \"https://a.example.com\", audience: t}]}\n" +
                 std::string(kAccess)),
            "");
}

TEST(LoadIdentity, BadRules) {
  const auto rule = [](std::string_view fields) {
    return fmt::format("access: {{rules: [{{{}}}]}}\n", fields);
  };
  for (const auto& [text, problem] : std::vector<std::pair<std::string, std::string>>{
           {rule("apps: [research], permission: READ"), "access.rules[0] is for nobody"},
           {rule("groups: [a], permission: READ"), "access.rules[0] has no apps"},
           {rule("groups: [a], apps: [research]"), "access.rules[0] has no permission"},
           {rule("groups: [a], apps: [reserch], permission: READ"),
            "there is no app \"reserch\": did you mean research?"},
           {rule("groups: [a], apps: [research], permission: ADMIN"), "permission"},
           {rule("groups: [a], apps: [research], permission: READ, experiments: [x]"),
            "access.rules[0].experiments is not supported by this version"},
           {rule("groups: [a], apps: [research], permission: READ, models: [x]"),
            "access.rules[0].models is not supported by this version"},
           {rule("groups: [a], apps: [\"x*\"], permission: READ"),
            "warning: f:5:38: access.rules[0].apps: \"x*\" fits no app"},
           {"access: {rules: [5]}\n", "access.rules[0] is a number"},
           {"access: {rules: 5}\n", "this is a number: write a list"},
           {"access: {admins: {group: [a]}}\n", "did you mean \"groups\"?"}}) {
    const std::string found = told(std::string(kApps) + std::string(kIdentity) + text);
    EXPECT_NE(found.find(problem), std::string::npos) << text << '\n' << found;
  }
  EXPECT_NE(told(std::string(kApps) + std::string(kAccess))
                .find("without identity nobody is known: give identity"),
            std::string::npos);
  EXPECT_NE(
      told(std::string(kApps) + std::string(kIdentity)).find("whoever signs in may do nothing"),
      std::string::npos);
}

}  // namespace
}  // namespace signet::config
