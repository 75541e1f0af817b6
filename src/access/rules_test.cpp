#include "access/rules.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::access {
namespace {

using config::Rule;

constexpr std::size_t kResearch = 0;
constexpr std::size_t kSandbox = 1;
constexpr std::size_t kTeamB = 2;

std::vector<config::App> apps() {
  std::vector<config::App> apps(3);
  apps[kResearch].name = "research";
  apps[kSandbox].name = "sandbox";
  apps[kTeamB].name = "team-b";
  return apps;
}

Rule rule(std::vector<std::string> groups, std::vector<std::string> on, Permission permission,
          std::vector<std::string> people = {}) {
  Rule rule;
  rule.subjects.groups = std::move(groups);
  rule.subjects.people = std::move(people);
  rule.apps = std::move(on);
  rule.permission = permission;
  return rule;
}

config::Access access() {
  config::Access access;
  access.given = true;
  access.admins.groups = {"ml-platform"};
  access.admins.people = {"root@example.com"};
  access.rules = {
      rule({"everyone"}, {"sandbox"}, Permission::read),            // 0
      rule({"team-a"}, {"research"}, Permission::edit),             // 1
      rule({"team-a"}, {"sandbox"}, Permission::use),               // 2
      rule({"leads"}, {"*"}, Permission::manage),                   // 3
      rule({"interns"}, {"research"}, Permission::none),            // 4
      rule({}, {"team-*"}, Permission::read, {"zoe@example.com"}),  // 5
      rule({"team-a", "team-b"}, {"team-b"}, Permission::read),     // 6
      rule({"team-b"}, {"t*m-b", "nothing"}, Permission::edit),     // 7
  };
  return access;
}

struct Row {
  const char* what;
  std::string person;
  std::vector<std::string> groups;
  std::size_t app;
  Permission has;
  Reason reason;
  std::uint16_t by;
};

TEST(Rules, TheHighestOfAllGroupsUnlessOneSaysNothing) {
  const Rules rules(access(), apps(), false);
  for (const Row& row : std::vector<Row>{
           {"nobody in particular", "x", {}, kResearch, Permission::none, Reason::no_rule, kNoRule},
           {"everyone", "x", {}, kSandbox, Permission::read, Reason::rule, 0},
           {"one group", "x", {"team-a"}, kResearch, Permission::edit, Reason::rule, 1},
           {"above everyone", "x", {"team-a"}, kSandbox, Permission::use, Reason::rule, 2},
           {"a star", "x", {"leads"}, kTeamB, Permission::manage, Reason::rule, 3},
           {"none wins",
            "x",
            {"leads", "interns"},
            kResearch,
            Permission::none,
            Reason::forbidden,
            4},
           {"none is of one app",
            "x",
            {"leads", "interns"},
            kSandbox,
            Permission::manage,
            Reason::rule,
            3},
           {"a person", "zoe@example.com", {}, kTeamB, Permission::read, Reason::rule, 5},
           {"another person",
            "zoe@example.org",
            {},
            kTeamB,
            Permission::none,
            Reason::no_rule,
            kNoRule},
           {"two groups", "x", {"team-a", "team-b"}, kTeamB, Permission::edit, Reason::rule, 7},
           {"case matters", "x", {"Team-A"}, kResearch, Permission::none, Reason::no_rule, kNoRule},
           {"a group's name as a person",
            "team-a",
            {},
            kResearch,
            Permission::none,
            Reason::no_rule,
            kNoRule},
           {"a person's name as a group",
            "x",
            {"zoe@example.com"},
            kTeamB,
            Permission::none,
            Reason::no_rule,
            kNoRule},
           {"an administrator",
            "x",
            {"ml-platform", "interns"},
            kResearch,
            Permission::manage,
            Reason::admin,
            kNoRule},
           {"an administrator by name",
            "root@example.com",
            {},
            kTeamB,
            Permission::manage,
            Reason::admin,
            kNoRule}}) {
    const Decision decision = rules.standing({row.person, row.groups}, row.app);
    EXPECT_EQ(decision.has, row.has) << row.what;
    EXPECT_EQ(to_string(decision.reason), to_string(row.reason)) << row.what;
    EXPECT_EQ(decision.rule, row.by) << row.what;
  }
}

TEST(Rules, EveryClassTakesItsPermission) {
  const std::vector<Class> classes{Class::read,    Class::use,   Class::write,     Class::delete_,
                                   Class::public_, Class::admin, Class::admin_read};
  for (std::size_t level = 0; level < config::kPermissions; ++level) {
    config::Access access;
    access.rules = {rule({"g"}, {"*"}, static_cast<Permission>(level))};
    const Rules rules(access, apps(), false);
    const std::vector<std::string> groups{"g"};
    std::string allowed;
    for (const Class each : classes) {
      if (rules.decide({"x", groups}, kResearch, each).allowed) {
        allowed += std::string(to_string(each)) + " ";
      }
    }
    const std::vector<std::string> expected{"public ", "read public ", "read use public ",
                                            "read use write public ",
                                            "read use write delete public "};
    EXPECT_EQ(allowed, expected[level]) << config::to_string(static_cast<Permission>(level));
  }
  const Rules rules(access(), apps(), false);
  const std::vector<std::string> admins{"ml-platform"};
  for (const Class each : classes) {
    EXPECT_TRUE(rules.decide({"x", admins}, kTeamB, each).allowed) << to_string(each);
    EXPECT_FALSE(rules.decide({"x", {}}, kTeamB, each).allowed && each != Class::public_);
  }
}

// Each row of the endpoint table, for somebody who has nothing: only what is public.
TEST(Rules, DenyByDefaultOnEveryEndpoint) {
  const Rules rules(access(), apps(), false);
  for (const Endpoint& endpoint : all_endpoints()) {
    const Decision decision = rules.decide({"stranger", {}}, kResearch, endpoint.access);
    EXPECT_EQ(decision.allowed, endpoint.access == Class::public_) << endpoint.operation;
  }
}

TEST(Rules, ATokenOnlyNarrows) {
  const Rules rules(access(), apps(), false);
  const std::vector<std::string> team{"team-a"};
  const std::vector<std::string> admins{"ml-platform"};
  const std::vector<std::string> research{"research"};
  struct TokenRow {
    const char* what;
    Subject subject;
    std::size_t app;
    Class access;
    bool allowed;
    Reason reason;
  };
  for (const TokenRow& row : std::vector<TokenRow>{{"as much as its owner",
                                                    {"x", team, Permission::manage, {}},
                                                    kResearch,
                                                    Class::write,
                                                    true,
                                                    Reason::rule},
                                                   {"not more than its owner",
                                                    {"x", team, Permission::manage, {}},
                                                    kResearch,
                                                    Class::delete_,
                                                    false,
                                                    Reason::too_little},
                                                   {"less",
                                                    {"x", team, Permission::read, {}},
                                                    kResearch,
                                                    Class::write,
                                                    false,
                                                    Reason::token_too_little},
                                                   {"enough",
                                                    {"x", team, Permission::read, {}},
                                                    kResearch,
                                                    Class::read,
                                                    true,
                                                    Reason::rule},
                                                   {"its app",
                                                    {"x", team, Permission::manage, research},
                                                    kResearch,
                                                    Class::read,
                                                    true,
                                                    Reason::rule},
                                                   {"another app",
                                                    {"x", team, Permission::manage, research},
                                                    kSandbox,
                                                    Class::read,
                                                    false,
                                                    Reason::token_app},
                                                   {"another app's page",
                                                    {"x", team, Permission::manage, research},
                                                    kSandbox,
                                                    Class::public_,
                                                    false,
                                                    Reason::token_app},
                                                   {"an administrator's",
                                                    {"x", admins, Permission::manage, {}},
                                                    kResearch,
                                                    Class::admin,
                                                    true,
                                                    Reason::admin},
                                                   {"an administrator's that writes",
                                                    {"x", admins, Permission::edit, {}},
                                                    kResearch,
                                                    Class::write,
                                                    true,
                                                    Reason::admin},
                                                   {"an administrator's that may not administer",
                                                    {"x", admins, Permission::edit, {}},
                                                    kResearch,
                                                    Class::admin_read,
                                                    false,
                                                    Reason::token_too_little},
                                                   {"nothing at all",
                                                    {"x", admins, Permission::none, {}},
                                                    kResearch,
                                                    Class::read,
                                                    false,
                                                    Reason::token_too_little}}) {
    const Decision decision = rules.decide(row.subject, row.app, row.access);
    EXPECT_EQ(decision.allowed, row.allowed) << row.what;
    EXPECT_EQ(to_string(decision.reason), to_string(row.reason)) << row.what;
  }
}

TEST(Rules, WithoutIdentityEverythingIsOpen) {
  const Rules rules({}, apps(), true);
  for (const Class each : {Class::read, Class::delete_, Class::admin, Class::public_}) {
    EXPECT_TRUE(rules.decide({"anonymous", {}}, kTeamB, each).allowed);
  }
}

TEST(Patterns, Stars) {
  struct PatternRow {
    const char* pattern;
    const char* name;
    bool fits;
  };
  for (const PatternRow& row : std::vector<PatternRow>{{"*", "", true},
                                                       {"*", "a", true},
                                                       {"", "", true},
                                                       {"", "a", false},
                                                       {"a", "a", true},
                                                       {"a", "ab", false},
                                                       {"a*", "ab", true},
                                                       {"a*", "ba", false},
                                                       {"*b", "aab", true},
                                                       {"a*c", "abcbc", true},
                                                       {"a*c", "abcb", false},
                                                       {"**a**", "bab", true},
                                                       {"a*b*c", "a-b-b-c", true},
                                                       {"a?c", "abc", false},
                                                       {"a.c", "abc", false}}) {
    EXPECT_EQ(config::matches(row.pattern, row.name), row.fits) << row.pattern << " " << row.name;
  }
  // Would take for ever if stars were tried in every combination.
  std::string stars;
  for (int i = 0; i < 200; ++i)
    stars += "*a";
  EXPECT_FALSE(config::matches(stars, std::string(5000, 'a') + "b"));
}

TEST(People, AddressesAreComparedInLowerCase) {
  EXPECT_EQ(config::person_id("Ada@Example.COM"), "ada@example.com");
  EXPECT_EQ(config::person_id("Repo:Main"), "Repo:Main");
}

}  // namespace
}  // namespace signet::access
