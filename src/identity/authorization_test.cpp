#include "identity/authorization.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "runtime/event_loop.h"

namespace signet::identity {
namespace {

class AuthorizationTest : public testing::Test {
 protected:
  std::string found(const std::vector<std::string>& values) {
    runtime::Arena arena(loop_.blocks());
    http::Fields fields(arena);
    for (const std::string& value : values)
      fields.add(http::FieldId::authorization, value);
    auto token = presented_token(fields);
    if (!token) return "!" + std::string(describe(token.error()));
    return *token ? **token : "-";
  }
  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
};

TEST_F(AuthorizationTest, BearerAndBasic) {
  const auto basic = [](std::string_view pair) { return "Basic " + crypto::base64(pair); };
  const std::string repeated = "!there is more than one Authorization field";
  const std::string scheme = "!the Authorization is neither Bearer nor Basic";
  const std::string malformed = "!the Authorization is malformed";
  const std::string no_password =
      "!the Basic Authorization has no password, where the token belongs";
  struct Row {
    std::vector<std::string> values;
    std::string expected;
  };
  for (const Row& row : std::vector<Row>{{{}, "-"},
                                         {{"Bearer abc"}, "abc"},
                                         {{"bearer abc"}, "abc"},
                                         {{"BEARER   a.b-c_d~e+f/g=="}, "a.b-c_d~e+f/g=="},
                                         {{basic("user:abc")}, "abc"},
                                         {{basic(":abc")}, "abc"},
                                         {{basic("any body:abc")}, "abc"},
                                         {{"bAsIc " + crypto::base64("x:a.b")}, "a.b"},
                                         {{"Bearer sgn_0aZ9"}, "sgn_0aZ9"},
                                         {{basic("ada:sgn_0aZ9")}, "sgn_0aZ9"},
                                         {{basic("ada@example.com:sgn_0aZ9")}, "sgn_0aZ9"},
                                         {{basic("s\xc3\xb8ren:sgn_0aZ9")}, "sgn_0aZ9"},
                                         {{basic("token:ey.J-h_.c")}, "ey.J-h_.c"},
                                         {{"Bearer a", "Bearer a"}, repeated},
                                         {{"Bearer a", basic("u:b")}, repeated},
                                         {{""}, scheme},
                                         {{"Bearer"}, malformed},
                                         {{"Bearer "}, malformed},
                                         {{"Bearer a b"}, malformed},
                                         {{"Bearer a, Bearer b"}, malformed},
                                         {{"Bearer ="}, malformed},
                                         {{"Bearer a=b"}, malformed},
                                         {{"Bearer \"a\""}, malformed},
                                         {{"Bearer\tabc"}, scheme},
                                         {{"Bearerabc"}, scheme},
                                         {{"Digest username=\"a\""}, scheme},
                                         {{"AWS4-HMAC-SHA256 Credential=a"}, scheme},
                                         {{"Negotiate abc"}, scheme},
                                         {{"Basic"}, malformed},
                                         {{"Basic !!!"}, malformed},
                                         {{"Basic YTpi\x80"}, malformed},
                                         {{basic("nocolon")}, malformed},
                                         {{basic("user:")}, no_password},
                                         {{basic("user:a:b")}, malformed},
                                         {{basic("user:a b")}, malformed},
                                         {{basic(std::string_view("user:a\0b", 8))}, malformed},
                                         {{basic("a\tb:sgn_0aZ9")}, malformed},
                                         {{basic(std::string_view("a\0b:c", 5))}, malformed},
                                         {{basic("a\x7f:c")}, malformed},
                                         {{basic("ada:sgn_0aZ9\r\n")}, malformed},
                                         {{basic("ada:sgn_0aZ9") + " "}, malformed},
                                         {{basic("ada:sgn_0aZ9") + ","}, malformed},
                                         {{"Basic " + crypto::base64url("ad\xff:ab?>")}, malformed},
                                         {{"Basic dTphYg"}, malformed}}) {
    EXPECT_EQ(found(row.values), row.expected) << testing::PrintToString(row.values);
  }
}

}  // namespace
}  // namespace signet::identity
