#include "portal_api/portal_api.h"

#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "http/recorded_exchange.h"

namespace signet::portal_api {
namespace {

using http::Method;
using http::RecordedExchange;

config::App app(std::string name, config::Kind kind) {
  config::App made;
  made.name = std::move(name);
  made.title = made.name;
  made.kind = kind;
  made.endpoint.host = "internal-host.example";
  return made;
}

config::Config sample() {
  config::Config config;
  config.portal.title = "ML \"platform\" </script>\u2028";
  config.apps.push_back(app("research", config::Kind::sagemaker_app));
  config.apps.back().title = "Research & Söhne";
  config.apps.back().is_default = true;
  config.apps.back().region = "eu-west-1";
  config.apps.push_back(app("tracking", config::Kind::sagemaker_tracking_server));
  config.apps.back().region = "eu-west-1";
  config.apps.push_back(app("sandbox", config::Kind::mlflow));
  config.apps.back().public_url = *config::parse_url("https://sandbox.example.com");
  return config;
}

const AppStatuses kStatuses{
    {"sandbox", State::unavailable, "3.9.0", Trouble::refused},
    {"research", State::available, "3.10.1", Trouble::none},
    {"gone", State::available, "1", Trouble::none},
};

const std::vector<bool> kAll(3, true);

TEST(PortalApi, ListsTheAppsAsTheContractDescribes) {
  const PortalApi api(sample(), "https://mlflow.example.com");
  const std::string text = api.list_apps(kStatuses, kAll);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(text).get(root), simdjson::SUCCESS) << text;
  EXPECT_EQ(std::string_view(root["portal"]["title"]), sample().portal.title);

  simdjson::dom::array apps = root["apps"];
  ASSERT_EQ(apps.size(), 3u);
  const std::set<std::string_view> required{"name",  "title",   "default", "kind",  "region",
                                            "state", "version", "message", "mount", "url"};
  for (simdjson::dom::object object : apps) {
    std::set<std::string_view> keys;
    for (auto field : object)
      EXPECT_TRUE(keys.insert(field.key).second) << field.key;
    EXPECT_EQ(keys, required);
  }

  simdjson::dom::element research = apps.at(0);
  EXPECT_EQ(std::string_view(research["name"]), "research");
  EXPECT_EQ(std::string_view(research["title"]), "Research & Söhne");
  EXPECT_TRUE(bool(research["default"]));
  EXPECT_EQ(std::string_view(research["kind"]), "sagemaker-app");
  EXPECT_EQ(std::string_view(research["region"]), "eu-west-1");
  EXPECT_EQ(std::string_view(research["state"]), "available");
  EXPECT_EQ(std::string_view(research["version"]), "3.10.1");
  EXPECT_TRUE(research["message"].is_null());
  EXPECT_EQ(std::string_view(research["mount"]), "/apps/research/");
  EXPECT_EQ(std::string_view(research["url"]), "https://mlflow.example.com/apps/research");

  simdjson::dom::element tracking = apps.at(1);
  EXPECT_EQ(std::string_view(tracking["state"]), "unknown");
  EXPECT_TRUE(tracking["version"].is_null());
  EXPECT_TRUE(tracking["message"].is_null());
  EXPECT_FALSE(bool(tracking["default"]));

  simdjson::dom::element sandbox = apps.at(2);
  EXPECT_TRUE(sandbox["region"].is_null());
  EXPECT_EQ(std::string_view(sandbox["state"]), "unavailable");
  EXPECT_EQ(std::string_view(sandbox["message"]), "The MLflow server refuses connections.");
  EXPECT_EQ(std::string_view(sandbox["mount"]), "https://sandbox.example.com/");
  EXPECT_EQ(std::string_view(sandbox["url"]), "https://sandbox.example.com");

  EXPECT_EQ(text.find("internal-host"), std::string::npos);
}

TEST(PortalApi, EveryTroubleHasASentence) {
  std::set<std::string_view> seen;
  for (int i = 1; i <= static_cast<int>(Trouble::bad_answer); ++i) {
    const std::string_view message = message_for(static_cast<Trouble>(i));
    EXPECT_TRUE(message.ends_with(".")) << i;
    EXPECT_TRUE(seen.insert(message).second) << message;
  }
  EXPECT_EQ(message_for(Trouble::none), "");
}

runtime::Task<void> handle_into(const PortalApi& api, RecordedExchange& exchange,
                                std::string_view path, std::span<const http::Field> extra,
                                std::optional<Answer>& out) {
  out = co_await api.handle(exchange.request, exchange.reply, path, kStatuses, kAll, extra);
}

TEST(PortalApi, AnswersOnlyWhatItHas) {
  const PortalApi api(sample(), "https://mlflow.example.com");
  struct Case {
    Method method;
    std::string_view path;
    Answer expected;
  };
  const std::vector<Case> cases{
      {Method::get, "/apps", Answer::answered},
      {Method::head, "/apps", Answer::answered},
      {Method::post, "/apps", Answer::method_not_allowed},
      {Method::options, "/apps", Answer::method_not_allowed},
      {Method::get, "/apps/", Answer::unknown_path},
      {Method::get, "/Apps", Answer::unknown_path},
      {Method::get, "/apps/research", Answer::unknown_path},
      {Method::get, "apps", Answer::unknown_path},
      {Method::get, "", Answer::unknown_path},
      {Method::post, "/tokens", Answer::unknown_path},
  };
  for (const Case& c : cases) {
    RecordedExchange exchange(c.method, c.path);
    std::optional<Answer> answer;
    const http::Field extra{"x-request-id", "r1", http::FieldId::x_request_id};
    EXPECT_TRUE(exchange.run(handle_into(api, exchange, c.path, {&extra, 1}, answer)));
    EXPECT_EQ(*answer, c.expected) << c.path;
    const http::RecordedReply& reply = exchange.reply;
    EXPECT_EQ(reply.started(), c.expected == Answer::answered) << c.path;
    if (c.expected != Answer::answered) continue;
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, api.list_apps(kStatuses, kAll));
    EXPECT_EQ(reply.announced, reply.body.size());
    EXPECT_EQ(reply.field("content-type"), "application/json");
    EXPECT_EQ(reply.field("cache-control"), "no-store");
    EXPECT_EQ(reply.field("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.field("cross-origin-opener-policy"), "same-origin");
    EXPECT_EQ(reply.field("x-request-id"), "r1");
    EXPECT_TRUE(reply.finished);
  }
}

TEST(PortalApi, AppsThatOneMayNotKnowOfAreLeftOut) {
  const PortalApi api(sample(), "https://mlflow.example.com");
  const auto has = [&](const std::vector<bool>& visible) {
    const std::string text = api.list_apps(kStatuses, visible);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    EXPECT_EQ(parser.parse(text).get(root), simdjson::SUCCESS) << text;
    std::string names;
    for (simdjson::dom::element object : root["apps"].get_array())
      names += std::string(std::string_view(object["name"])) + " ";
    return names;
  };
  EXPECT_EQ(has({false, true, true}), "tracking sandbox ");
  EXPECT_EQ(has({true, false, true}), "research sandbox ");
  EXPECT_EQ(has({false, false, false}), "");
}

TEST(PortalApi, NoAppsAreAnEmptyList) {
  config::Config config;
  const PortalApi api(config, "http://127.0.0.1:8080");
  EXPECT_EQ(api.list_apps({}, {}), "{\"portal\":{\"title\":\"MLflow\"},\"apps\":[]}\n");
}

}  // namespace
}  // namespace signet::portal_api
