#include "identity/form.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

using Parameters = std::vector<FormParameter>;

TEST(Form, Writes) {
  EXPECT_EQ(form_text({}), "");
  EXPECT_EQ(form_text({{"scope", "openid email"}, {"a&b", "1=2+3%"}, {"e", ""}}),
            "scope=openid%20email&a%26b=1%3D2%2B3%25&e=");
  EXPECT_EQ(form_text({{"x", "-._~*'()\"<\x7f\xc3\xbc\n"}}),
            "x=-._~%2A%27%28%29%22%3C%7F%C3%BC%0A");
  EXPECT_EQ(with_query("https://a/b", {{"c", "d"}}), "https://a/b?c=d");
  EXPECT_EQ(with_query("https://a/b?", {{"c", "d"}}), "https://a/b?c=d");
  EXPECT_EQ(with_query("https://a/b?p=q", {{"c", "d"}}), "https://a/b?p=q&c=d");
  EXPECT_EQ(with_query("https://a/b?p=q&", {{"c", "d"}}), "https://a/b?p=q&c=d");
}

TEST(Form, Reads) {
  struct Row {
    std::string text;
    Parameters expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", {}},
           {"a", {{"a", ""}}},
           {"a=", {{"a", ""}}},
           {"a=b=c", {{"a", "b=c"}}},
           {"a=b&c=d", {{"a", "b"}, {"c", "d"}}},
           {"a=b&A=d", {{"a", "b"}, {"A", "d"}}},
           {"=b", {{"", "b"}}},
           {"%61=%C3%bc+%2B%20", {{"a", "\xc3\xbc + "}}},
           {"a=%26%3D%25", {{"a", "&=%"}}},
           {"a=%2541", {{"a", "%41"}}},
       }) {
    const auto read = parse_form(row.text);
    ASSERT_TRUE(read) << row.text;
    EXPECT_EQ(*read, row.expected) << row.text;
    const auto again = parse_form(form_text(*read));
    ASSERT_TRUE(again) << row.text;
    EXPECT_EQ(*again, *read) << row.text;
  }
}

TEST(Form, Refuses) {
  struct Row {
    std::string text;
    FormError error;
  };
  std::string many = "p0=";
  for (std::size_t i = 1; i <= kMaxFormParameters; ++i)
    many += "&p" + std::to_string(i) + "=";
  for (const Row& row : std::vector<Row>{
           {"a=1&a=1", FormError::repeated},
           {"a=1&b=2&a=3", FormError::repeated},
           {"a=1&%61=2", FormError::repeated},
           {"a&a", FormError::repeated},
           {"&", FormError::malformed},
           {"a=1&", FormError::malformed},
           {"&a=1", FormError::malformed},
           {"a=1&&b=2", FormError::malformed},
           {"a=%", FormError::malformed},
           {"a=%4", FormError::malformed},
           {"a=%4g", FormError::malformed},
           {"%g4=a", FormError::malformed},
           {"a=%u0041", FormError::malformed},
           {"a=b c", FormError::malformed},
           {"a=b#c", FormError::malformed},
           {"a=\xc3\xbc", FormError::malformed},
           {std::string("a=b\0", 4), FormError::malformed},
           {"a=b\r\n", FormError::malformed},
           {"a=%00", FormError::not_text},
           {"a=%0d%0aSet-Cookie:x", FormError::not_text},
           {"a=%7F", FormError::not_text},
           {"a=%C3", FormError::not_text},
           {"a=%C0%AF", FormError::not_text},
           {"a=%ED%A0%80", FormError::not_text},
           {"%FF=1", FormError::not_text},
           {many, FormError::too_large},
           {"a=" + std::string(kMaxFormBytes, 'b'), FormError::too_large},
       }) {
    const auto read = parse_form(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_EQ(read.error(), row.error) << row.text;
  }
}

}  // namespace
}  // namespace signet::identity
