#include "http/conditional.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/accept.h"
#include "http/date.h"
#include "http/range.h"
#include "runtime/block_pool.h"

namespace signet::http {
namespace {

class ConditionalTest : public testing::Test {
 protected:
  Fields with(FieldId id, std::initializer_list<std::string_view> values) {
    Fields fields(arena_);
    for (const std::string_view value : values)
      fields.add(id, value);
    return fields;
  }

  runtime::BlockPool pool_;
  runtime::Arena arena_{pool_};
};

TEST_F(ConditionalTest, IfNoneMatch) {
  const auto matches = [&](std::initializer_list<std::string_view> values, std::string_view etag) {
    return if_none_match_matches(with(FieldId::if_none_match, values), etag);
  };
  EXPECT_FALSE(matches({}, "\"a\""));
  for (const std::string_view value : {"*", "\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\"",
                                       ", \"a\" ,", "\"x,y\", \"a\"", "\"\", \"a\""}) {
    EXPECT_TRUE(matches({value}, "\"a\"")) << value;
    if (value != "*") EXPECT_TRUE(matches({value}, "W/\"a\"")) << value;
  }
  EXPECT_TRUE(matches({"\"b\"", "\"a\""}, "\"a\""));
  for (const std::string_view value : {"", "a", "\"b\"", "\"A\"", "w/\"a\"", "\"a\" \"b\"", "\"a",
                                       "W/", "\"a\", b", "*, \"a\"", "\"x y\", \"a\""}) {
    EXPECT_FALSE(matches({value}, "\"a\"")) << value;
  }
  EXPECT_FALSE(matches({"\"a\"", "rubbish"}, "\"a\""));
  EXPECT_FALSE(matches({"*", "*"}, "\"a\""));
}

TEST_F(ConditionalTest, IfRange) {
  const std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const auto allows = [&](std::initializer_list<std::string_view> values) {
    return if_range_allows(with(FieldId::if_range, values), "\"a\"", date);
  };
  EXPECT_TRUE(allows({}));
  EXPECT_TRUE(allows({"\"a\""}));
  EXPECT_TRUE(allows({date}));
  EXPECT_FALSE(allows({"W/\"a\""}));
  EXPECT_FALSE(allows({"\"b\""}));
  EXPECT_FALSE(allows({"\"a\"", "\"a\""}));
  EXPECT_FALSE(allows({"Sun, 06 Nov 1994 08:49:38 GMT"}));
  EXPECT_FALSE(if_range_allows(with(FieldId::if_range, {""}), "\"a\"", ""));
  EXPECT_FALSE(if_range_allows(with(FieldId::if_range, {"W/\"a\""}), "W/\"a\"", ""));
}

TEST(Range, OfTenBytes) {
  struct Row {
    std::string_view value;
    std::string expected;
  };
  const std::string ignored = "ignored";
  for (const Row& row : std::vector<Row>{
           {"bytes=0-0", "0-0"},
           {"bytes=0-", "0-9"},
           {"BYTES=2-5", "2-5"},
           {"bytes=2-100", "2-9"},
           {"bytes=-3", "7-9"},
           {"bytes=-30", "0-9"},
           {"bytes=0-1, 4-5,9-", "0-1,4-5,9-9"},
           {"bytes=0-1,20-30", "0-1"},
           {"bytes=0-99999999999999999999999999", "0-9"},
           {"bytes=,0-1,", "0-1"},
           {"bytes=10-", "unsatisfiable"},
           {"bytes=99999999999999999999999999-", "unsatisfiable"},
           {"bytes=-0", "unsatisfiable"},
           {"bytes=5-4", ignored},
           {"bytes=", ignored},
           {"bytes=,", ignored},
           {"bytes=-", ignored},
           {"bytes=a-b", ignored},
           {"bytes=1", ignored},
           {"bytes=1-2-3", ignored},
           {"bytes=+1-2", ignored},
           {"bytes= 1 - 2", ignored},
           {"bytes =1-2", ignored},
           {"lines=1-2", ignored},
           {"", ignored},
           {"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", "0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0"},
           {"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", ignored},
       }) {
    const Ranges ranges = parse_range(row.value, 10);
    std::string text;
    for (const ByteRange& range : ranges.ranges()) {
      if (!text.empty()) text += ",";
      text += std::to_string(range.first) + "-" + std::to_string(range.last);
    }
    if (ranges.kind == Ranges::Kind::ignored) text = ignored;
    if (ranges.kind == Ranges::Kind::unsatisfiable) text = "unsatisfiable";
    EXPECT_EQ(text, row.expected) << row.value;
  }
  EXPECT_EQ(parse_range("bytes=0-", 0).kind, Ranges::Kind::unsatisfiable);
  EXPECT_EQ(parse_range("bytes=-5", 0).kind, Ranges::Kind::unsatisfiable);
  std::string thousand = "bytes=0-0";
  for (int i = 1; i < 1000; ++i)
    thousand += ",0-0";
  EXPECT_EQ(parse_range(thousand, 10).kind, Ranges::Kind::ignored);
}

TEST_F(ConditionalTest, Codings) {
  struct Row {
    std::string_view value;
    Coding both;
    Coding only_gzip;
  };
  using enum Coding;
  for (const Row& row : std::vector<Row>{
           {"gzip, deflate, br, zstd", br, gzip},
           {"gzip", gzip, gzip},
           {"GZIP", gzip, gzip},
           {"br;q=0.5, gzip;q=0.8", gzip, gzip},
           {"br;q=0.8 , gzip; Q=0.5", br, gzip},
           {"br;q=0, gzip;q=0.000", identity, identity},
           {"identity", identity, identity},
           {"identity;q=0.5, br;q=0.4", identity, identity},
           {"identity;q=0, br;q=0.001", br, identity},
           {"*", br, gzip},
           {"*;q=0", identity, identity},
           {"gzip, *;q=0", gzip, gzip},
           {"br;q=0, *", gzip, gzip},
           {"", identity, identity},
           {"deflate", identity, identity},
           {"gzip;q=2", identity, identity},
           {"gzip;q=x", identity, identity},
           {"gzip;q=1.001", identity, identity},
           {"gzip;q=0.1234", identity, identity},
       }) {
    const Fields fields = with(FieldId::accept_encoding, {row.value});
    EXPECT_EQ(choose_coding(fields, true, true), row.both) << row.value;
    EXPECT_EQ(choose_coding(fields, true, false), row.only_gzip) << row.value;
    EXPECT_EQ(choose_coding(fields, false, false), identity) << row.value;
  }
  EXPECT_EQ(choose_coding(with(FieldId::accept_encoding, {}), true, true), identity);
  EXPECT_EQ(choose_coding(with(FieldId::accept_encoding, {"gzip", "br"}), true, true), br);
}

TEST_F(ConditionalTest, Navigation) {
  EXPECT_TRUE(is_navigation(with(FieldId::sec_fetch_mode, {"navigate"})));
  EXPECT_TRUE(is_navigation(
      with(FieldId::accept, {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})));
  EXPECT_FALSE(is_navigation(with(FieldId::accept, {"*/*"})));
  EXPECT_FALSE(is_navigation(with(FieldId::accept, {"application/json"})));
  EXPECT_FALSE(is_navigation(with(FieldId::accept, {"text/html;q=0"})));
  EXPECT_FALSE(is_navigation(Fields(arena_)));
  Fields script = with(FieldId::accept, {"text/html"});
  script.add(FieldId::sec_fetch_mode, "cors");
  EXPECT_FALSE(is_navigation(script));
}

TEST(Date, FormatsAndParses) {
  struct Row {
    std::int64_t time;
    std::string_view text;
  };
  for (const Row& row :
       {Row{0, "Thu, 01 Jan 1970 00:00:00 GMT"}, Row{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        Row{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        Row{1795460342, "Mon, 23 Nov 2026 18:59:02 GMT"},
        Row{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"}}) {
    const DateText text = format_date(row.time);
    EXPECT_EQ(std::string_view(text.data(), text.size()), row.text);
    EXPECT_EQ(parse_date(row.text), row.time);
  }
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228799);
  for (const std::string_view text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1869 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

}  // namespace
}  // namespace signet::http
