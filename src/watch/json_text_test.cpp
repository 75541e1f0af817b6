#include "watch/json_text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::watch {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, Escapes) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  for (auto [text, expected] : std::vector<Case>{
           {"", R"("")"},
           {"plain ~ text", R"("plain ~ text")"},
           {"a\"b\\c/d", R"("a\"b\\c/d")"},
           {"\n\r\t\b\x01\x1f", R"("\n\r\t\u0008\u0001\u001f")"},
           {std::string_view("\0x", 2), R"("\u0000x")"},
           {"\x7f", R"("\u007f")"},
           {"\xC2\x80\xC2\x9B\xC2\x9F", R"("\u0080\u009b\u009f")"},  // C1
           {"\xC2\xA0", "\"\xC2\xA0\""},
           {"\xE2\x80\xA8\xE2\x80\xA9", R"("\u2028\u2029")"},
           {"\xE2\x80\xA7", "\"\xE2\x80\xA7\""},
           {"caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80",
            "\"caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80\""},
           // Invalid UTF-8: one replacement for each maximal subpart (Unicode 15, table 3-8).
           {"\x80", R"("\ufffd")"},
           {"\xC0\xAF", R"("\ufffd\ufffd")"},
           {"\xE0\x80\x80", R"("\ufffd\ufffd\ufffd")"},
           {"\xED\xA0\x80", R"("\ufffd\ufffd\ufffd")"},  // a surrogate
           {"\xF4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
           {"\xF1\x80\x80\xE1\x80\xC2\x62", R"("\ufffd\ufffd\ufffdb")"},
           {"a\xE6\x97", R"("a\ufffd")"},
           {"a\xFF\xFE", R"("a\ufffd\ufffd")"},
       }) {
    EXPECT_EQ(json(text), expected);
  }
}

TEST(JsonText, EveryByteAtEveryOffset) {
  for (int code = 0; code < 256; ++code) {
    std::string one(1, static_cast<char>(code));
    std::string alone = json(one).substr(1);
    alone.pop_back();
    for (std::size_t before = 0; before < 20; ++before) {
      std::string a(before, 'a');
      std::string b(20 - before, 'b');
      std::string given = a;
      given += one;
      given += b;
      std::string expected = "\"";
      expected += a;
      expected += alone;
      expected += b;
      expected += '"';
      ASSERT_EQ(json(given), expected) << code << ' ' << before;
    }
  }
}

TEST(JsonText, CutsAtACharacter) {
  for (std::string_view text :
       {"abcdefghijklmnop", "ab\ncd\ne\xFF\xFFz", "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
        "\x01\x02\x03\x04", "\xF0\x9F\x98\x80\xF0\x9F\x98\x80"}) {
    std::string whole;
    append_escaped(whole, text, 1000);
    for (std::size_t most = 0; most <= whole.size() + 1; ++most) {
      std::string out = "before";
      append_escaped(out, text, most);
      std::string got = out.substr(6);
      EXPECT_EQ(out.substr(0, 6), "before");
      EXPECT_LE(got.size(), most);
      if (most >= whole.size()) {
        EXPECT_EQ(got, whole);
        continue;
      }
      if (most < 3) {
        EXPECT_EQ(got, "");
        continue;
      }
      ASSERT_TRUE(got.ends_with("\xE2\x80\xA6")) << most << " of " << whole;
      std::string kept = got.substr(0, got.size() - 3);
      EXPECT_TRUE(whole.starts_with(kept));
      // No escape and no character is cut, and none that fits is left out.
      std::string again = json(kept);
      if (!whole.contains("ufffd")) EXPECT_FALSE(again.contains("ufffd"));
      EXPECT_GT(kept.size() + 6 + 3, most);
    }
  }
}

TEST(JsonText, LongPlainTextIsCutExactly) {
  std::string out;
  append_json_string(out, std::string(10000, 'a'), kMaxLogField);
  EXPECT_EQ(out, '"' + std::string(kMaxLogField - 3, 'a') + "\xE2\x80\xA6\"");
}

TEST(JsonText, Names) {
  std::string out = "{";
  append_json_name(out, "a");
  out += '1';
  append_json_name(out, "b\"");
  EXPECT_EQ(out, R"({"a":1,"b\"":)");
}

}  // namespace
}  // namespace signet::watch
