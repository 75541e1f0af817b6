#include "identity/json.h"

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

std::string_view outcome(std::string_view text, const JsonLimits& limits = {}) {
  const auto object = parse_json_object(text, limits);
  return object ? "read" : describe(object.error());
}

TEST(Json, ReadsEveryKindOfValue) {
  const auto object = parse_json_object(
      R"( {"z":null,"b":true,"i":-1,"u":18446744073709551615,"d":1.5,"s":"a\u00e9\u0000b",)"
      R"("a":[1,"x",[]],"o":{"k":"v"}} )");
  ASSERT_TRUE(object);
  EXPECT_TRUE(object->find("z")->as<std::nullptr_t>());
  EXPECT_TRUE(*object->find("b")->as<bool>());
  EXPECT_EQ(*object->find("i")->as<std::int64_t>(), -1);
  EXPECT_EQ(*object->find("u")->as<std::uint64_t>(), UINT64_MAX);
  EXPECT_EQ(*object->find("d")->as<double>(), 1.5);
  EXPECT_EQ(*object->find("s")->as<std::string>(), std::string("a\xC3\xA9\0b", 5));
  EXPECT_EQ(object->find("a")->as<JsonArray>()->size(), 3U);
  EXPECT_EQ(*object->find("o")->as<JsonObject>()->find("k")->as<std::string>(), "v");
  EXPECT_EQ(object->find("missing"), nullptr);
  EXPECT_EQ(object->find(""), nullptr);
  EXPECT_EQ(object->members().size(), 8U);
}

TEST(Json, RefusesWhatReadersDisagreeAbout) {
  struct Row {
    std::string_view text;
    JsonError error;
  };
  const Row rows[] = {
      {"", JsonError::not_json},
      {" ", JsonError::not_json},
      {"{", JsonError::not_json},
      {"{}}", JsonError::not_json},
      {"{} {}", JsonError::not_json},
      {"{,}", JsonError::not_json},
      {R"({"a":1,})", JsonError::not_json},
      {R"({'a':1})", JsonError::not_json},
      {R"({a:1})", JsonError::not_json},
      {R"({"a":NaN})", JsonError::not_json},
      {R"({"a":Infinity})", JsonError::not_json},
      {R"({"a":1e999})", JsonError::not_json},
      {R"({"a":01})", JsonError::not_json},
      {R"({"a":+1})", JsonError::not_json},
      {R"({"a":0x1})", JsonError::not_json},
      {R"({"a":.5})", JsonError::not_json},
      {R"({"a":18446744073709551616})", JsonError::not_json},
      {R"({"a":1}//)", JsonError::not_json},
      {R"({"a":"\ud800"})", JsonError::not_json},
      {R"({"a":"\udc00"})", JsonError::not_json},
      {R"({"a":"\x41"})", JsonError::not_json},
      {"{\"a\":\"\n\"}", JsonError::not_json},
      {"{\"a\":\"\xFF\"}", JsonError::not_json},
      {"{\"a\":\"\xC0\xAF\"}", JsonError::not_json},
      {"\xEF\xBB\xBF{}", JsonError::not_json},
      {std::string_view("{}\0", 3), JsonError::not_json},
      {"[]", JsonError::not_an_object},
      {"null", JsonError::not_an_object},
      {"1", JsonError::not_an_object},
      {R"("{}")", JsonError::not_an_object},
      {R"({"a":1,"a":1})", JsonError::duplicate_member},
      {R"({"a":1,"b":2,"\u0061":1})", JsonError::duplicate_member},
      {R"({"":1,"":1})", JsonError::duplicate_member},
      {R"({"o":{"a":1,"a":2}})", JsonError::duplicate_member},
      {R"({"l":[[{"a":1,"a":2}]]})", JsonError::duplicate_member},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(row.text), describe(row.error)) << row.text;
  // Names that only look alike are two.
  EXPECT_EQ(outcome(R"({"a":1,"A":1,"a ":1,"a\u0000":1})"), "read");
}

TEST(Json, IsBounded) {
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(outcome(nested(16)), "read");
  EXPECT_EQ(outcome(nested(17)), describe(JsonError::too_deep));
  EXPECT_EQ(outcome(nested(100'000)), describe(JsonError::too_deep));
  EXPECT_EQ(outcome(std::string(100'000, '[')), describe(JsonError::not_json));
  EXPECT_EQ(outcome(R"({"a":[1,2]})", {.depth = 2, .values = 3}), "read");
  EXPECT_EQ(outcome(R"({"a":[1,2,3]})", {.depth = 2, .values = 3}),
            describe(JsonError::too_many_values));
}

}  // namespace
}  // namespace signet::identity
