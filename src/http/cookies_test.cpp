#include "http/cookies.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/event_loop.h"

namespace signet::http {
namespace {

std::string pairs(std::string_view text) {
  std::string all;
  Cookie cookie;
  while (next_cookie(text, cookie)) {
    all += "[" + std::string(cookie.name) + "|" + std::string(cookie.value) + "]";
  }
  return all;
}

TEST(Cookies, Pairs) {
  struct Row {
    const char* text;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{{"", ""},
                                         {";;; ;", ""},
                                         {"a=b", "[a|b]"},
                                         {"a=b; c=d", "[a|b][c|d]"},
                                         {"a=b;c=d", "[a|b][c|d]"},
                                         {" a = b ;\tc=d ", "[a|b][c|d]"},
                                         {"a=b=c==", "[a|b=c==]"},
                                         {"a", "[a|]"},
                                         {"=b", "[|b]"},
                                         {"a=\"b; c\"", "[a|\"b][c\"|]"},
                                         {"a=1; a=2; A=3", "[a|1][a|2][A|3]"},
                                         {"a=b, c=d", "[a|b, c=d]"}}) {
    EXPECT_EQ(pairs(row.text), row.expected) << row.text;
  }
}

TEST(Cookies, AreCountedOverAllFields) {
  runtime::ManualClock clock;
  runtime::EventLoop loop(clock);
  runtime::Arena arena(loop.blocks());
  Fields fields(arena);
  fields.add(FieldId::cookie, "a=1; b=2");
  fields.add(FieldId::accept, "a=9");
  fields.add(FieldId::cookie, "a=3; ab=4");
  EXPECT_EQ(find_cookie(fields, "a").count, 2u);
  EXPECT_EQ(find_cookie(fields, "a").first, "1");
  EXPECT_EQ(find_cookie(fields, "b").count, 1u);
  EXPECT_EQ(find_cookie(fields, "B").count, 0u);
  EXPECT_EQ(find_cookie(fields, "").count, 0u);
}

TEST(Cookies, SetCookie) {
  EXPECT_EQ(set_cookie_text({.name = "__Host-a", .value = "b"}),
            "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax");
  EXPECT_EQ(set_cookie_text({.name = "a",
                             .value = "",
                             .secure = false,
                             .http_only = false,
                             .same_site = SameSite::strict,
                             .max_age = 0}),
            "a=; Path=/; Max-Age=0; SameSite=Strict");
}

}  // namespace
}  // namespace signet::http
