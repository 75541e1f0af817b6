#include "portal_api/account_api.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "portal_api/account_rig_for_tests.h"

namespace signet::portal_api {
namespace {

using http::Method;

class AccountApiTest : public testing::Test, protected AccountRig {};

TEST_F(AccountApiTest, KnowsItsPaths) {
  struct Row {
    std::string path;
    bool known;
    bool is_public;
  };
  for (const Row& row : std::vector<Row>{{"/tokens", true, false},
                                         {"/tokens/0123456789abcdef", true, false},
                                         {"/device/authorize", true, true},
                                         {"/device/token", true, true},
                                         {"/device/grants", true, false},
                                         {"", false, false},
                                         {"/", false, false},
                                         {"tokens", false, false},
                                         {"/tokens/", false, false},
                                         {"/Tokens", false, false},
                                         {"/tokens/aws", false, false},
                                         {"/tokens/0123456789ABCDEF", false, false},
                                         {"/tokens/0123456789abcde", false, false},
                                         {"/tokens/0123456789abcdef0", false, false},
                                         {"/tokens/0123456789abcdef/", false, false},
                                         {"/device", false, false},
                                         {"/device/token/", false, false},
                                         {"/device/grants/x", false, false},
                                         {"/me", false, false},
                                         {"/apps", false, false}}) {
    EXPECT_EQ(AccountApi::knows(row.path), row.known) << row.path;
    EXPECT_EQ(AccountApi::is_public(row.path), row.is_public) << row.path;
    if (row.known) continue;
    EXPECT_EQ(said(ask(call_of(Method::get, row.path))), "404: There is no such address.");
  }
}

TEST_F(AccountApiTest, MethodsOfEachPath) {
  const std::string id = "/tokens/0123456789abcdef";
  const std::vector<std::pair<std::string, std::string>> paths{
      {"/tokens", "GET, HEAD, POST"},
      {id, "DELETE"},
      {"/device/authorize", "POST"},
      {"/device/token", "POST"},
      {"/device/grants", "GET, HEAD, POST"}};
  for (const auto& [path, allow] : paths) {
    for (int i = 0; i <= static_cast<int>(Method::other); ++i) {
      const auto method = static_cast<Method>(i);
      const bool taken =
          (", " + allow + ",")
              .contains(", " +
                        std::string(method == Method::delete_ ? "DELETE" : to_string(method)) +
                        ",");
      // Somebody or nobody: a method that is not there is not there for anybody.
      for (const bool known : {true, false}) {
        const ApiAnswer answer = ask(call_of(
            method, path, known ? std::optional(caller_of("ada@example.com")) : std::nullopt));
        EXPECT_EQ(answer.status == 405, !taken) << path << " " << to_string(method);
        EXPECT_EQ(answer.allow, taken ? "" : allow) << path;
        if (taken && !known && !AccountApi::is_public(path)) {
          EXPECT_EQ(said(answer), "401 unauthenticated: Sign in first.") << path;
        }
      }
    }
  }
}

TEST_F(AccountApiTest, ErrorsHaveMlflowsShape) {
  const ApiAnswer answer = ask(call_of(Method::get, "/tokens", std::nullopt));
  EXPECT_EQ(answer.body, "{\"error_code\":\"UNAUTHENTICATED\",\"message\":\"Sign in first.\"}\n");
}

TEST_F(AccountApiTest, DestroyedWithCallsUnderWay) {
  for (int round = 0; round < 10; ++round) {
    std::vector<std::optional<ApiAnswer>> answers(10);
    {
      runtime::TaskSet tasks(loop);
      for (auto& answer : answers)
        tasks.start(keep(api->handle(post_json("/tokens", R"({"title":"t"})")), answer));
      for (int i = 0; i < round; ++i)
        loop.run_once(std::chrono::milliseconds(1));
    }
    api.reset();
    begin();
  }
}

}  // namespace
}  // namespace signet::portal_api
