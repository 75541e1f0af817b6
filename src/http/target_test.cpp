#include "http/target.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/block_pool.h"

namespace signet::http {
namespace {

using namespace std::string_literals;

class TargetTest : public testing::Test {
 protected:
  std::string path(std::string_view text) {
    const auto result = normalise_path(text, arena_);
    return result ? std::string(*result) : "refused: " + std::string(describe(result.error()));
  }
  std::string query(std::string_view text) {
    const auto result = normalise_query(text, arena_);
    return result ? std::string(*result) : "refused: " + std::string(describe(result.error()));
  }
  std::string refused(ParseError error) { return "refused: " + std::string(describe(error)); }

  runtime::BlockPool pool_;
  runtime::Arena arena_{pool_};
};

struct Row {
  std::string given;
  std::string normalised;
};

TEST_F(TargetTest, Paths) {
  const std::vector<Row> rows{
      {"/", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a/b.c/d..e/...", "/a/b.c/d..e/..."},
      {"/%61pi/2.0", "/api/2.0"},
      {"/%41%7A%30%2D%2e%5f%7E", "/Az0-._~"},
      {"/x%2ey", "/x.y"},
      {"/a%20b%2b%3a%25", "/a%20b%2B%3A%25"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/%f0%9f%98%80", "/%F0%9F%98%80"},
      {"/%3b%23%3F%40", "/%3B%23%3F%40"},
      {"/:@!$&'()*+,=~", "/:@!$&'()*+,=~"},
      {"/\"<>[]^`{|}", "/\"<>[]^`{|}"},
      {"/%2541", "/%2541"},
      {"/%252e%252e/x", "/%252e%252e/x"},
      {"/.a/..b/c.", "/.a/..b/c."},
      {"/100%25.txt", "/100%25.txt"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(path(row.given), row.normalised) << row.given;
    EXPECT_EQ(path(row.normalised), row.normalised) << "not idempotent: " << row.given;
  }
}

TEST_F(TargetTest, RefusedPaths) {
  for (const std::string& given : {""s,
                                   "a"s,
                                   "*"s,
                                   "/."s,
                                   "/.."s,
                                   "/./a"s,
                                   "/../a"s,
                                   "/a/."s,
                                   "/a/.."s,
                                   "/a/../b"s,
                                   "/a/./b"s,
                                   "/%2e"s,
                                   "/%2e%2e"s,
                                   "/%2E%2E/"s,
                                   "/.%2e"s,
                                   "/%2e."s,
                                   "/%2e./x"s,
                                   "/a/%2E%2e/b"s,
                                   "//"s,
                                   "//a"s,
                                   "/a//b"s,
                                   "/a//"s,
                                   "/a\\b"s,
                                   "/a%5cb"s,
                                   "/a%5Cb"s,
                                   "/a%2fb"s,
                                   "/a%2Fb"s,
                                   "/%2f"s,
                                   "/a;b"s,
                                   "/ajax-api;x/.."s,
                                   "/..;/"s,
                                   "/a#b"s,
                                   "/a?b"s,
                                   "/%"s,
                                   "/%4"s,
                                   "/%zz"s,
                                   "/%4g"s,
                                   "/%g4"s,
                                   "/a%"s,
                                   "/%00"s,
                                   "/%0a"s,
                                   "/%0d%0a"s,
                                   "/%1f"s,
                                   "/%7f"s,
                                   "/%c0%af"s,
                                   "/%c0%80"s,
                                   "/%e0%80%af"s,
                                   "/%ed%a0%80"s,
                                   "/%f4%90%80%80"s,
                                   "/%f5"s,
                                   "/%ff"s,
                                   "/%80"s,
                                   "/%c3"s,
                                   "/%c3/%a9"s,
                                   "/%c3x%a9"s,
                                   "/%c3x"s,
                                   "/%e2%82"s,
                                   "/\x01"s,
                                   "/ "s,
                                   "/\t"s,
                                   "/\x7f"s,
                                   "/\x80"s,
                                   "/caf\xc3\xa9"s,
                                   "/a\0b"s,
                                   "/a\rb"s,
                                   "/a\nb"s}) {
    EXPECT_EQ(path(given), refused(ParseError::bad_path)) << given;
  }
}

TEST_F(TargetTest, Queries) {
  const std::vector<Row> rows{
      {"", ""},
      {"a", "a"},
      {"a=", "a="},
      {"=", "="},
      {"&", "&"},
      {"a=1&b=2", "a=1&b=2"},
      {"b=2&a=1&b=1", "b=2&a=1&b=1"},
      {"a=1&&b=2&", "a=1&&b=2&"},
      {"a=b=c", "a=b%3Dc"},
      {"a==", "a=%3D"},
      {"a+b=c+d", "a%20b=c%20d"},
      {"a=%2b%20%2B", "a=%2B%20%2B"},
      {"a=%41%7e%2d", "a=A~-"},
      {"a?b=/c:d,e", "a%3Fb=%2Fc%3Ad%2Ce"},
      {"a=;'()*!$@[]{}|\\^`\"<>", "a=%3B%27%28%29%2A%21%24%40%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E"},
      {"a=%0a%00%7f", "a=%0A%00%7F"},
      {"filter=name%20%3D%20%27caf%c3%a9%27", "filter=name%20%3D%20%27caf%C3%A9%27"},
      {"a=%26%3d", "a=%26%3D"},
      {"a=x-amz-date&notX-Amz-Date=1", "a=x-amz-date&notX-Amz-Date=1"},
      {"xamz=1&x-am=2&x-amz=3", "xamz=1&x-am=2&x-amz=3"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(query(row.given), row.normalised) << row.given;
    EXPECT_EQ(query(row.normalised), row.normalised) << "not idempotent: " << row.given;
  }
}

TEST_F(TargetTest, RefusedQueries) {
  for (const std::string& given :
       {"%"s, "a=%"s, "a=%4"s, "a=%zz"s, "%zz"s, "a#b"s, "a b"s, "a\tb"s, "a\x80"s, "a\x7f"s,
        "a\0"s, "a=%ff"s, "a=%c3"s, "a=%c3&b=%a9"s, "a=%c0%af"s, "a=%ed%a0%80"s}) {
    EXPECT_EQ(query(given), refused(ParseError::bad_query)) << given;
  }
  for (const std::string& given :
       {"X-Amz-Signature=1"s, "x-amz-date"s, "X-AMZ-=1"s, "a=1&X-Amz-Credential=x"s,
        "%58-Amz-Date=1"s, "x%2damz%2ddate=1"s, "a&b&%78%2d%61%6d%7a%2d%78"s, "X-Amz-Date&a=1"s,
        "x-amz-%zz"s.substr(0, 6)}) {
    EXPECT_EQ(query(given), refused(ParseError::signature_in_query)) << given;
  }
  std::string many = "a=1";
  for (std::size_t i = 1; i < kMaxQueryParameters; ++i)
    many += "&a=1";
  EXPECT_EQ(query(many), many);
  EXPECT_EQ(query(many + "&"), refused(ParseError::too_many_parameters));
}

TEST_F(TargetTest, UnchangedTextIsNotCopied) {
  const std::string given = "/api/2.0/mlflow/runs/search";
  EXPECT_EQ(normalise_path(given, arena_)->data(), given.data());
  const std::string pairs = "experiment_id=7&path=a%2Fb";
  EXPECT_EQ(normalise_query(pairs, arena_)->data(), pairs.data());
  EXPECT_EQ(arena_.bytes_held(), 0u);
}

TEST_F(TargetTest, SecondDecode) {
  for (const std::string_view changes :
       {"/%2541", "/%252e%252e", "/a%252Fb", "/%252541", "/%25%2541", "/50%2520x", "/%25%25ab"}) {
    EXPECT_TRUE(second_decode_would_change(changes)) << changes;
  }
  for (const std::string_view stays :
       {"/", "/a%20b", "/100%25.txt", "/%25", "/%25%25", "/%25a", "/%25g1", "/%252", "/%2B25"}) {
    EXPECT_FALSE(second_decode_would_change(stays)) << stays;
  }
}

TEST_F(TargetTest, Parameters) {
  const auto parameters =
      query_parameters("experiment_id=7&name=a%20%26%3D%2520&flag&=x&&path=a%2Fb&name=", arena_);
  std::string text;
  for (const QueryParameter& each : parameters) {
    text.append("[").append(each.name).append("|").append(each.value).append("]");
  }
  EXPECT_EQ(text, "[experiment_id|7][name|a &=%20][flag|][|x][path|a/b][name|]");
  EXPECT_TRUE(query_parameters("", arena_).empty());
  EXPECT_TRUE(query_parameters("&&", arena_).empty());
}

TEST_F(TargetTest, PercentDecode) {
  EXPECT_EQ(percent_decode("a%2", arena_), "a%2");
  EXPECT_EQ(percent_decode("%41%zz%00+", arena_), "A%zz\0+"s);
}

TEST_F(TargetTest, Forms) {
  const auto parse = [&](Method method, std::string_view raw) {
    const auto target = parse_target(method, raw, arena_);
    if (!target) return refused(target.error());
    return std::to_string(static_cast<int>(target->form)) + "|" + std::string(target->authority) +
           "|" + std::string(target->path) + "|" + (target->has_query ? "?" : "") +
           std::string(target->query);
  };
  EXPECT_EQ(parse(Method::get, "/a?b"), "0||/a|?b");
  EXPECT_EQ(parse(Method::get, "/a?"), "0||/a|?");
  EXPECT_EQ(parse(Method::get, "/a??b"), "0||/a|?%3Fb");
  EXPECT_EQ(parse(Method::get, "/a"), "0||/a|");
  EXPECT_EQ(parse(Method::get, "http://h:1/a?b"), "1|h:1|/a|?b");
  EXPECT_EQ(parse(Method::get, "hTTps://h"), "1|h|/|");
  EXPECT_EQ(parse(Method::get, "http://h?a/b"), "1|h|/|?a%2Fb");
  EXPECT_EQ(parse(Method::options, "http://h"), "1|h|*|");
  EXPECT_EQ(parse(Method::options, "http://h/"), "1|h|/|");
  EXPECT_EQ(parse(Method::options, "*"), "2||*|");
  for (const std::string_view raw : {"", "*", "h:1", "h", "ftp://h/", "http:/h", "http//h", "?a"}) {
    EXPECT_EQ(parse(Method::get, raw), refused(ParseError::bad_target)) << raw;
  }
}

}  // namespace
}  // namespace signet::http
