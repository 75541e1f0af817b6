#include "signing/canonical_request.h"

#include <vector>

#include <gtest/gtest.h>

namespace signet::signing {
namespace {

// Line `number` (from 0) of the canonical request of `request`.
std::string line_of(const Signable& request, std::size_t number,
                    PathEncoding encoding = PathEncoding::kTwice) {
  CanonicalRequest canonical;
  std::string_view rest = canonical.write(request, encoding);
  for (; number > 0; --number)
    rest.remove_prefix(rest.find('\n') + 1);
  return std::string(rest.substr(0, rest.find('\n')));
}

Signable with_path(std::string_view path) {
  return {"GET", path, "", {}, ""};
}

Signable with_query(std::string_view query) {
  return {"GET", "/", query, {}, ""};
}

struct Row {
  std::string_view given;
  std::string_view canonical;
};

TEST(CanonicalRequest, EncodesThePathOnceMore) {
  constexpr Row kRows[] = {{"", "/"},
                           {"/", "/"},
                           {"/a-b._~Z9", "/a-b._~Z9"},
                           {"/a%20b", "/a%2520b"},
                           {"/a%2Fb/c%252F", "/a%252Fb/c%25252F"},
                           {"/a+b:c@d'(e)", "/a%2Bb%3Ac%40d%27%28e%29"},
                           {"/!$&*,;=|^\"<>[]{}\\`",
                            "/%21%24%26%2A%2C%3B%3D%7C%5E%22%3C%3E%5B%5D"
                            "%7B%7D%5C%60"},
                           {"/\u00e9\u1234 x", "/%C3%A9%E1%88%B4%20x"},
                           {"//a/./b/", "//a/./b/"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(line_of(with_path(row.given), 1), row.canonical);
  }
}

TEST(CanonicalRequest, LeavesThePathOfS3AsItIs) {
  EXPECT_EQ(line_of(with_path("/a%20b//c/../d+e%2F"), 1, PathEncoding::kOnce),
            "/a%20b//c/../d+e%2F");
}

TEST(CanonicalRequest, SortsTheQueryByKeyThenValue) {
  constexpr Row kRows[] = {{"", ""},
                           {"b=2&a=1", "a=1&b=2"},
                           {"a=2&a=1&A=3", "A=3&a=1&a=2"},
                           // Not by the whole pair: "-" sorts before "=".
                           {"a-=1&a=2&a%20=3", "a=2&a%20=3&a-=1"},
                           {"acl", "acl="},
                           {"acl&a=&acl=", "a=&acl=&acl="},
                           {"=v&a", "=v&a="},
                           {"a=b=c&a=b", "a=b&a=b=c"},
                           {"&&", "=&=&="},
                           {"b&", "=&b="},
                           {"q=%2B+%2b", "q=%2B+%2b"},
                           {"p=10&p=9&p=1", "p=1&p=10&p=9"}};
  for (const Row& row : kRows) {
    EXPECT_EQ(line_of(with_query(row.given), 2), row.canonical) << row.given;
  }
}

TEST(CanonicalRequest, SortsJoinsAndTrimsHeaders) {
  const std::vector<SignedHeader> headers{
      {"x-amz-date", "20150830T123600Z"},
      {"my-header1", "  b \t  c  "},
      {"host", "h"},
      {"my-header1", "\ta"},
      {"my-header", ""},
      {"my-header1", "\"d   e\""},
  };
  CanonicalRequest canonical;
  EXPECT_EQ(
      canonical.write(
          {.method = "PUT", .path = "/", .query = "", .headers = headers, .payload_hash = "HASH"},
          PathEncoding::kTwice),
      "PUT\n/\n\n"
      "host:h\nmy-header:\nmy-header1:b c,a,\"d e\"\nx-amz-date:20150830T123600Z\n\n"
      "host;my-header;my-header1;x-amz-date\nHASH");
  EXPECT_EQ(canonical.signed_headers(), "host;my-header;my-header1;x-amz-date");
}

TEST(CanonicalRequest, KeepsNothingOfTheRequestBefore) {
  const std::vector<SignedHeader> headers{{"host", "h"}, {"x", "1"}};
  CanonicalRequest canonical;
  canonical.write({"POST", "/a", "b=1&c", headers, "HASH"}, PathEncoding::kTwice);
  EXPECT_EQ(canonical.write({"GET", "", "", {}, "H"}, PathEncoding::kTwice), "GET\n/\n\n\n\nH");
  EXPECT_EQ(canonical.signed_headers(), "");
}

TEST(NormalizedPath, RemovesDotAndEmptySegments) {
  constexpr Row kRows[] = {{"", "/"},
                           {"/", "/"},
                           {"//", "/"},
                           {"/.", "/"},
                           {"/..", "/"},
                           {"/example/..", "/"},
                           {"/example1/example2/../..", "/"},
                           {"/../../a/b/../c", "/a/c"},
                           {"/./example", "/example"},
                           {"//example//", "/example/"},
                           {"/a/b/../", "/a/"},
                           {"/a/b/.", "/a/b"},
                           {"/a/...", "/a/..."},
                           {"/a/%2E%2E/b", "/a/%2E%2E/b"},
                           {"/a b/", "/a b/"}};
  for (const Row& row : kRows)
    EXPECT_EQ(normalized_path(row.given), row.canonical) << row.given;
}

}  // namespace
}  // namespace signet::signing
