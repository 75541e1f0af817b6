#include "portal_api/me.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace signet::portal_api {
namespace {

config::Config a_config() {
  config::Config config;
  config.portal.title = "Models & \"more\" </script>\u2028";
  config::Provider provider;
  provider.name = "corp";
  provider.title = "Corporate \"login\"";
  provider.issuer = "https://login.example.com";
  provider.client_id = "CLIENT-ID";
  provider.client_secret = config::Secret("CLIENT-SECRET");
  config.identity.providers.push_back(provider);
  provider.name = "partners";
  provider.title = "";
  config.identity.providers.push_back(provider);
  config.identity.given = true;
  config.identity.tokens.max_lifetime = std::chrono::hours(36);
  return config;
}

Caller a_caller(identity::Means means) {
  Caller caller;
  caller.person = {"ada@example.com", "Ada \"L\"", {"a\nb", "c"}};
  caller.means = means;
  caller.provider = means == identity::Means::session ? "corp" : "";
  caller.signed_in_at = 1'800'000'000;
  caller.ends_at = 1'800'043'200;
  return caller;
}

class Answer {
 public:
  explicit Answer(std::string text) : text_(std::move(text)) {
    EXPECT_EQ(parser_.parse(text_).get(root_), simdjson::SUCCESS) << text_;
  }
  // The text at a JSON pointer; otherwise "null", "true", "false", a number or "-".
  std::string at(std::string_view pointer) {
    simdjson::dom::element found;
    if (root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "-";
    std::string_view text;
    if (found.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::to_string(found);
  }

 private:
  std::string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST(Me, SaysWhoIsInASession) {
  Answer me(me_text(a_caller(identity::Means::session), a_config()));
  const std::vector<std::pair<const char*, const char*>> rows{
      {"/person/id", "ada@example.com"},
      {"/person/name", "Ada \"L\""},
      {"/person/groups/0", "a\nb"},
      {"/person/groups/1", "c"},
      {"/person/admin", "false"},
      {"/means", "session"},
      {"/provider/name", "corp"},
      {"/provider/title", "Corporate \"login\""},
      {"/session/signed_in_at", "2027-01-15T08:00:00Z"},
      {"/session/ends_at", "2027-01-15T20:00:00Z"},
      {"/can_make_tokens", "true"},
      {"/max_token_days", "2"}};
  for (const auto& [pointer, expected] : rows)
    EXPECT_EQ(me.at(pointer), expected) << pointer;
}

TEST(Me, WhoeverIsNotInASessionMakesNoTokens) {
  for (const auto& [means, name] : std::vector<std::pair<identity::Means, const char*>>{
           {identity::Means::token, "token"},
           {identity::Means::bearer, "bearer"},
           {identity::Means::load_balancer, "load_balancer"}}) {
    Caller caller = a_caller(means);
    caller.is_admin = true;
    Answer me(me_text(caller, a_config()));
    EXPECT_EQ(me.at("/means"), name);
    EXPECT_EQ(me.at("/person/admin"), "true");
    EXPECT_EQ(me.at("/provider"), "null");
    EXPECT_EQ(me.at("/session"), "null");
    EXPECT_EQ(me.at("/can_make_tokens"), "false");
  }
}

// A provider that gave no auth_time, one that is gone, and one without a title.
TEST(Me, WhatIsNotKnownIsNull) {
  Caller caller = a_caller(identity::Means::session);
  caller.signed_in_at = 0;
  caller.provider = "former";
  Answer unknown(me_text(caller, a_config()));
  EXPECT_EQ(unknown.at("/session/signed_in_at"), "null");
  EXPECT_EQ(unknown.at("/provider"), "null");
  caller.provider = "partners";
  Answer untitled(me_text(caller, a_config()));
  EXPECT_EQ(untitled.at("/provider/title"), "partners");
}

TEST(Me, WithoutIdentityEverybodyIsAnonymous) {
  Answer me(me_text(std::nullopt, config::Config()));
  EXPECT_EQ(me.at("/person/id"), "anonymous");
  EXPECT_EQ(me.at("/person/groups"), "[]");
  EXPECT_EQ(me.at("/person/admin"), "true");
  EXPECT_EQ(me.at("/means"), "anonymous");
  EXPECT_EQ(me.at("/session"), "null");
  EXPECT_EQ(me.at("/can_make_tokens"), "false");
}

TEST(SignInPage, NamesTheProvidersAndNothingElseOfThem) {
  const std::string text = sign_in_text(a_config());
  Answer page(text);
  EXPECT_EQ(page.at("/title"), a_config().portal.title);
  EXPECT_EQ(page.at("/providers/0/name"), "corp");
  EXPECT_EQ(page.at("/providers/1/title"), "partners");
  EXPECT_EQ(page.at("/providers/2"), "-");
  for (const char* inner : {"CLIENT-ID", "CLIENT-SECRET", "login.example.com"})
    EXPECT_EQ(text.find(inner), std::string::npos) << inner;
  Answer none(sign_in_text(config::Config()));
  EXPECT_EQ(none.at("/providers"), "[]");
}

}  // namespace
}  // namespace signet::portal_api
