#include "signing/raw_request.h"

#include <string>

#include <gtest/gtest.h>

#include "signing/target_parts.h"

namespace signet::signing {
namespace {

TEST(ReadRawRequest, TakesARequestApart) {
  const auto request = read_raw_request(
      "POST /a b?c=\u00e9 HTTP/1.1\nHost:h\nMy-Header:  a  b \t\n\nbody\n\nmore\n");
  ASSERT_TRUE(request.has_value()) << request.error();
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/a b?c=\u00e9");
  EXPECT_EQ(request->version, "HTTP/1.1");
  ASSERT_EQ(request->headers.size(), 2U);
  EXPECT_EQ(*request->header("host"), "h");
  EXPECT_EQ(*request->header("my-header"), "a  b");
  EXPECT_EQ(request->header("other"), nullptr);
  EXPECT_EQ(request->body, "body\n\nmore\n");
}

TEST(ReadRawRequest, JoinsFoldedLines) {
  const auto request =
      read_raw_request("GET / HTTP/1.1\r\nA: 1\r\n\t2\r\n   3  \r\nB:\r\n 4\r\n\r\n");
  ASSERT_TRUE(request.has_value()) << request.error();
  EXPECT_EQ(*request->header("a"), "1 2 3");
  EXPECT_EQ(*request->header("b"), "4");
}

TEST(ReadRawRequest, GivesTheTextBack) {
  for (const std::string text :
       {"GET / HTTP/1.1\nHost:h\n\n", "GET / HTTP/1.1\r\nHost:  h \r\nA: 1\r\n  2\r\n\r\nb\r\n\n",
        "GET / HTTP/1.1\n\n\n\n"}) {
    const auto request = read_raw_request(text);
    ASSERT_TRUE(request.has_value()) << request.error();
    EXPECT_EQ(request->text(), text);
  }
  // A head that ends with the text gets its empty line.
  for (const std::string_view text : {"GET / HTTP/1.1\nHost: h", "GET / HTTP/1.1\nHost: h\n"}) {
    EXPECT_EQ(read_raw_request(text).value().text(), "GET / HTTP/1.1\nHost: h\n\n");
  }
}

TEST(ReadRawRequest, SaysWhatIsWrong) {
  const struct {
    std::string text;
    std::string_view problem;
  } rows[] = {
      {"", "line 1 is not a request line"},
      {"GET /\n", "line 1 is not a request line"},
      {"GET  HTTP/1.1\n", "line 1 is not a request line"},
      {"GET / HTTP/1.1x\n", "line 1 is not a request line"},
      {"G(T / HTTP/1.1\n", "line 1 is not a request line"},
      {"GET /\ta HTTP/1.1\n", "line 1 is not a request line"},
      {std::string("GET /\0 HTTP/1.1\n", 16), "line 1 is not a request line"},
      {"\nGET / HTTP/1.1\n", "line 1 is not a request line"},
      {"GET / HTTP/1.1\n folded\n", "line 2: continues a header"},
      {"GET / HTTP/1.1\nHost: h\nnot a header\n", "line 3 is not a header"},
      {"GET / HTTP/1.1\nHost : h\n", "line 2 is not a header"},
      {"GET / HTTP/1.1\n: h\n", "line 2 is not a header"},
      {"GET / HTTP/1.1\nA: b\x01\n", "line 2: control character"},
      {"GET / HTTP/1.1\nA: b\rc\n", "line 2: control character"},
  };
  for (const auto& row : rows) {
    const auto request = read_raw_request(row.text);
    ASSERT_FALSE(request.has_value()) << row.text;
    EXPECT_TRUE(request.error().starts_with(row.problem)) << request.error();
  }
}

TEST(RawRequest, SetsOneHeaderInItsPlace) {
  const std::string text = "GET / HTTP/1.1\nHost:h\nX-Amz-Date:1\nA:2\nx-amz-date:3\n\n";
  RawRequest request = read_raw_request(text).value();
  request.set("X-Amz-Date", "1");
  EXPECT_EQ(request.text(), "GET / HTTP/1.1\nHost:h\nX-Amz-Date:1\nA:2\n\n");
  request.set("X-AMZ-Date", "4");
  request.set("New", "5");
  EXPECT_EQ(request.text(), "GET / HTTP/1.1\nHost:h\nX-AMZ-Date: 4\nA:2\nNew: 5\n\n");
  request.remove("a");
  EXPECT_EQ(request.text(), "GET / HTTP/1.1\nHost:h\nX-AMZ-Date: 4\nNew: 5\n\n");
}

TEST(TargetParts, TakesBothFormsApart) {
  const struct {
    std::string_view target;
    std::string_view host;
    std::string_view path;
    std::string_view query;
  } rows[] = {
      {"/", "", "/", ""},
      {"/a b?c?d=\u1234 e", "", "/a b", "c?d=%E1%88%B4%20e"},
      {"/a%20b?+&%2b", "", "/a%20b", "+&%2b"},
      {"//a?", "", "//a", ""},
      {"http://Example.com/a?b", "example.com", "/a", "b"},
      {"http://h:80", "h", "/", ""},
      {"https://h:443?q", "h", "/", "q"},
      {"http://h:443/", "h:443", "/", ""},
      {"http://[::1]:8080/", "[::1]:8080", "/", ""},
  };
  for (const auto& row : rows) {
    const auto parts = target_parts(row.target);
    ASSERT_TRUE(parts.has_value()) << row.target << ": " << parts.error();
    EXPECT_EQ(parts->host, row.host) << row.target;
    EXPECT_EQ(parts->path, row.path) << row.target;
    EXPECT_EQ(parts->query, row.query) << row.target;
  }
  for (const std::string_view target :
       {"*", "a", "?q", "/a#b", "http://", "http:///a", "h:443", "http://user@h/", "ftp://h/"}) {
    EXPECT_FALSE(target_parts(target).has_value()) << target;
  }
}

}  // namespace
}  // namespace signet::signing
