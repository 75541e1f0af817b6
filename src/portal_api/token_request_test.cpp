#include "portal_api/token_request.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace signet::portal_api {
namespace {

std::string said(std::string_view body) {
  const auto request = read_token_request(body);
  return request ? "ok" : std::string(request.error());
}

TEST(TokenRequest, ReadsEveryMember) {
  const auto least = read_token_request(R"({"title": "laptop"})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->title, "laptop");
  EXPECT_EQ(least->kind, state::TokenKind::personal);
  EXPECT_FALSE(least->lifetime_days);
  EXPECT_TRUE(least->apps.empty());
  EXPECT_EQ(least->at_most, state::kNoNarrowing);

  const auto most = read_token_request(
      R"( {"kind":"service","title":"nightly-2","lifetime_days":7,"apps":["a","b"],
           "permission":"READ","groups":["ci","ü"]} )");
  ASSERT_TRUE(most) << most.error();
  EXPECT_EQ(most->kind, state::TokenKind::service);
  EXPECT_EQ(most->lifetime_days, 7);
  EXPECT_EQ(most->apps, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(most->at_most, 1);
  EXPECT_EQ(most->groups, (std::vector<std::string>{"ci", "ü"}));
}

TEST(TokenRequest, Permissions) {
  struct Row {
    std::string text;
    int at_most;  // -1: refused
  };
  for (const Row& row : std::vector<Row>{{"\"READ\"", 1},
                                         {"\"USE\"", 2},
                                         {"\"EDIT\"", 3},
                                         {"\"MANAGE\"", 4},
                                         {"null", 4},
                                         {"\"NO_PERMISSIONS\"", -1},
                                         {"\"read\"", -1},
                                         {"\"\"", -1},
                                         {"1", -1},
                                         {"[]", -1}}) {
    const auto request =
        read_token_request(fmt::format(R"({{"title":"t","permission":{}}})", row.text));
    EXPECT_EQ(request ? request->at_most : -1, row.at_most) << row.text;
  }
}

TEST(TokenRequest, EveryRefusal) {
  const std::string object = "The body is not one plain JSON object, each member once.";
  const std::string member = "The body has a member that is not known.";
  const std::string title = "The title has 1 to 100 printable letters and no space at its ends.";
  const std::string days = "lifetime_days is a whole number above 0.";
  const std::string apps = "apps is a list of the names of apps, each once.";
  const std::string groups = "groups is a list of the names of groups, each once, at most 100.";
  const std::string service = "The title of a service has 1 to 63 of a-z, 0-9 and -.";
  std::string many = R"("0")";
  for (int i = 1; i <= 100; ++i)
    many += fmt::format(R"(,"{}")", i);
  struct Row {
    std::string body;
    std::string expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", object},
           {"[]", object},
           {"null", object},
           {R"({"title":"a"} x)", object},
           {R"({"title":"a"}{"title":"b"})", object},
           {R"({'title':'a'})", object},
           {R"({"title":"a",})", object},
           {R"({"title":"a","title":"a"})", object},
           {R"({"title":"a","t\u0069tle":"b"})", object},
           {"{\"title\":\"\xff\"}", object},
           {R"({"title":"\ud800"})", object},
           {R"({"title":"a","apps":[["a"]]})", object},
           {R"({"title":"a","days":1})", member},
           {R"({"title":"a","Kind":"service"})", member},
           {R"({"title":"a","":1})", member},
           {R"({"title":"a","person":"bob"})", member},
           {R"({})", "There is no title."},
           {R"({"title":null})", "There is no title."},
           {R"({"title":1})", "There is no title."},
           {R"({"title":""})", title},
           {R"({"title":" "})", title},
           {R"({"title":" a"})", title},
           {R"({"title":"a "})", title},
           {R"({"title":"a\nb"})", title},
           {R"({"title":"a\u0000b"})", title},
           {R"({"title":"a\u007fb"})", title},
           {R"({"title":"a\u0085b"})", title},
           {R"({"title":"a\u200bb"})", title},
           {R"({"title":"a\u202eb"})", title},
           {R"({"title":"a\u2028b"})", title},
           {R"({"title":"a\u2066b"})", title},
           {R"({"title":"\ufeffa"})", title},
           {R"({"title":"a\udb40\udc41"})", title},
           {fmt::format(R"({{"title":"{:a>101}"}})", ""), title},
           {R"({"title":"a","lifetime_days":0})", days},
           {R"({"title":"a","lifetime_days":-1})", days},
           {R"({"title":"a","lifetime_days":1.5})", days},
           {R"({"title":"a","lifetime_days":1e1})", days},
           {R"({"title":"a","lifetime_days":"7"})", days},
           {R"({"title":"a","lifetime_days":null})", days},
           {R"({"title":"a","lifetime_days":18446744073709551615})", days},
           {R"({"title":"a","apps":"research"})", apps},
           {R"({"title":"a","apps":null})", apps},
           {R"({"title":"a","apps":[1]})", apps},
           {R"({"title":"a","apps":["x","x"]})", apps},
           {R"({"title":"a","permission":"ALL"})",
            "The permission is READ, USE, EDIT, MANAGE or null."},
           {R"({"title":"a","kind":"device"})", "The kind is personal or service."},
           {R"({"title":"a","kind":"renewal"})", "The kind is personal or service."},
           {R"({"title":"a","kind":null})", "The kind is personal or service."},
           {R"({"title":"a","groups":["x"]})",
            "A personal token has its owner's groups: leave groups out."},
           {R"({"title":"a","groups":[]})",
            "A personal token has its owner's groups: leave groups out."},
           {R"({"title":"a","kind":"service"})", "A service has at least one group."},
           {R"({"title":"a","kind":"service","groups":[]})", "A service has at least one group."},
           {R"({"title":"a","kind":"service","groups":[""]})", groups},
           {R"({"title":"a","kind":"service","groups":["a\nb"]})", groups},
           {R"({"title":"a","kind":"service","groups":["x","x"]})", groups},
           {R"({"title":"a","kind":"service","groups":"x"})", groups},
           {fmt::format(R"({{"title":"a","kind":"service","groups":["{:g>257}"]}})", ""), groups},
           {fmt::format(R"({{"title":"a","kind":"service","groups":[{}]}})", many), groups},
           {R"({"title":"A","kind":"service","groups":["x"]})", service},
           {R"({"title":"a b","kind":"service","groups":["x"]})", service},
           {R"({"title":"a/b","kind":"service","groups":["x"]})", service},
           {R"({"title":"ä","kind":"service","groups":["x"]})", service},
           {fmt::format(R"({{"title":"{:a>64}","kind":"service","groups":["x"]}})", ""), service},
       }) {
    EXPECT_EQ(said(row.body), row.expected) << row.body.substr(0, 200);
  }
}

TEST(TokenRequest, TitlesAreCountedInLetters) {
  std::string wide;
  for (int i = 0; i < 100; ++i)
    wide += i % 2 == 0 ? "ü" : "\xF0\x9F\x90\x8D";
  EXPECT_TRUE(is_title(wide));
  EXPECT_FALSE(is_title(wide + "ü"));
  EXPECT_TRUE(is_title("Ada's <laptop> & \"co\""));
  EXPECT_TRUE(is_service_name(std::string(63, '-')));
}

TEST(GrantDecision, ReadsAndRefuses) {
  const auto yes = read_grant_decision(R"({"user_code":"WDJB-MJHT","approve":true})");
  ASSERT_TRUE(yes);
  EXPECT_EQ(yes->user_code, "WDJB-MJHT");
  EXPECT_TRUE(yes->approve);
  EXPECT_FALSE(read_grant_decision(R"({"user_code":"X","approve":false})")->approve);
  struct Row {
    std::string body;
    std::string expected;
  };
  const std::string object = "The body is not one plain JSON object, each member once.";
  for (const Row& row : std::vector<Row>{
           {"", object},
           {R"({"user_code":"X","approve":false,"approve":true})", object},
           {R"({"user_code":"X","approve":true,"person":"eve"})",
            "The body has a member that is not known."},
           {R"({"approve":true})", "There is no user_code."},
           {R"({"user_code":1,"approve":true})", "There is no user_code."},
           {R"({"user_code":"X"})", "approve is true or false."},
           {R"({"user_code":"X","approve":"true"})", "approve is true or false."},
           {R"({"user_code":"X","approve":1})", "approve is true or false."},
           {R"({"user_code":"X","approve":null})", "approve is true or false."},
       }) {
    const auto decision = read_grant_decision(row.body);
    EXPECT_EQ(decision ? "ok" : std::string(decision.error()), row.expected) << row.body;
  }
}

}  // namespace
}  // namespace signet::portal_api
