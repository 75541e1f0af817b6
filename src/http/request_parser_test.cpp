#include "http/request_parser.h"

#include <gtest/gtest.h>

#include "http/request_rows.h"

namespace signet::http {
namespace {

using namespace std::string_literals;
using test::at_every_size;
using test::expect_refused;
using test::feed_request;
using test::Outcome;
using test::post_with;

struct Lawful {
  std::string raw;
  std::string summary;
};

TEST(RequestParser, LawfulHeads) {
  const std::vector<Lawful> rows{
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 a:0 none keep\nhost: a"},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 a:0 none keep\nhost: a"},
      {"GET /x?y=1 HTTP/1.1\r\nHOST:A.Example:8080\r\nX-Own:  two  words\t\r\n\r\n",
       "GET /x?y=1 1.1 a.example:8080 none keep\nhost: a.example:8080\nx-own: two  words"},
      {"HEAD / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
       "HEAD / 1.1 [::1]:80 none keep\nhost: [::1]:80"},
      {"GET http://B.example:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET /p?q 1.1 b.example:81 none keep\nhost: a"},
      {"GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 b:0 none keep\nhost: a"},
      {"GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q 1.1 b:0 none keep\nhost: a"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1 a:0 none keep\nhost: a"},
      {"OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1 b:0 none keep\nhost: a"},
      {"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", "PROPFIND / 1.1 a:0 none keep\nhost: a"},
      {"M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH / 1.1 a:0 none keep\nhost: a"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       "POST / 1.1 a:0 length 5 keep\nhost: a\ncontent-length: 5"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n",
       "POST / 1.1 a:0 length 9223372036854775807 keep\nhost: a\n"
       "content-length: 9223372036854775807"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tChunked \r\n\r\n0\r\n\r\n",
       "POST / 1.1 a:0 chunked keep\nhost: a\ntransfer-encoding: Chunked"},
      {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / 1.1 a:0 none keep\nhost: a"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
       "GET / 1.1 a:0 length 0 keep\nhost: a\ncontent-length: 0"},
      {"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
       "DELETE / 1.1 a:0 length 2 keep\nhost: a\ncontent-length: 2"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close,\r\n\r\n",
       "GET / 1.1 a:0 none close\nhost: a\nconnection: x, Close,"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n",
       "GET / 1.1 a:0 none close\nhost: a\nconnection: x\nconnection: close"},
      {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / 1.0 a:0 none close\nhost: a"},
      {"GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n",
       "GET / 1.0 a:0 none keep\nhost: a\nconnection: Keep-Alive"},
      {"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n",
       "GET / 1.0 a:0 none close\nhost: a\nconnection: keep-alive, close"},
      {"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
       "POST / 1.0 a:0 length 1 close\nhost: a\nexpect: 100-continue\ncontent-length: 1"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
       "PUT / 1.1 a:0 length 1 keep continue\nhost: a\nexpect: 100-Continue\ncontent-length: 1"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: x 100-continue\r\nContent-Length: 1\r\n\r\nx",
       "PUT / 1.1 a:0 length 1 keep 417\nhost: a\nexpect: x 100-continue\ncontent-length: 1"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect:\r\nContent-Length: 1\r\n\r\nx",
       "PUT / 1.1 a:0 length 1 keep 417\nhost: a\nexpect: \ncontent-length: 1"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
       "PUT / 1.1 a:0 none keep 417\nhost: a\nexpect: 100-continue\nexpect: 100-continue"},
      // Names with "_" are gone; obs-text and tabs in values are carried.
      {"GET / HTTP/1.1\r\nHost: a\r\nX_Amz_Date: 1\r\nx_sm-mlflow-app-arn: 2\r\n"
       "User-Agent: \xc3\xa9\tx\r\n\r\n",
       "GET / 1.1 a:0 none keep\nhost: a\nuser-agent: \xc3\xa9\tx"},
      {"GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^`|~9Z: all of token\r\n\r\n",
       "GET / 1.1 a:0 none keep\nhost: a\n!#$%&'*+-.^`|~9z: all of token"},
      {"GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n", "GET / 1.1 a:0 none keep\nhost: a\nempty: "},
  };
  for (const Lawful& row : rows) {
    const Outcome outcome = at_every_size(row.raw);
    EXPECT_EQ(outcome.text, row.summary) << row.raw;
    const std::size_t end = row.raw.find("\r\n\r\n", 2) + 4;
    EXPECT_EQ(outcome.head_length, end) << row.raw;
    // One byte earlier it must still be waiting.
    EXPECT_EQ(feed_request(std::string_view(row.raw).substr(0, end - 1), end).text, "more");
  }
}

TEST(RequestParser, RefusedStartLines) {
  using enum ParseError;
  const auto head = [](const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; };
  expect_refused({
      {head("GET /"), bad_request_line},
      {head("GET"), bad_request_line},
      {head("GET  / HTTP/1.1"), bad_request_line},
      {head("GET /  HTTP/1.1"), bad_version},
      {head("GET / HTTP/1.1 "), bad_version},
      {head("GET / b HTTP/1.1"), bad_version},
      {head(" GET / HTTP/1.1"), bad_method},
      {head("GET\t/ HTTP/1.1"), bad_method},
      {head("get / HTTP/1.1"), bad_method},
      {head("GeT / HTTP/1.1"), bad_method},
      {head("G_T / HTTP/1.1"), bad_method},
      {head("G\0T / HTTP/1.1"s), bad_method},
      {head("A" + std::string(32, 'B') + " / HTTP/1.1"), bad_method},
      {head("{} / HTTP/1.1"), bad_method},
      {"\x16\x03\x01\x02\x00\x01\x00"s, bad_method},
      {head("CONNECT a:443 HTTP/1.1"), method_not_accepted},
      {head("CONNECT / HTTP/1.1"), method_not_accepted},
      {head("GET / http/1.1"), bad_version},
      {head("GET / HTTP/1.10"), bad_version},
      {head("GET / HTTP/11"), bad_version},
      {head("GET / HTTP/1,1"), bad_version},
      {head("GET / HTTP/x.1"), bad_version},
      {head("GET / HTTPS/1.1"), bad_version},
      {head("GET / HTTP/0.9"), version_unsupported},
      {head("GET / HTTP/1.2"), version_unsupported},
      {head("GET / HTTP/2.0"), version_unsupported},
      {head("GET / HTTP/9.9"), version_unsupported},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version_unsupported},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad_method},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad_method},
      {"\r\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad_method},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", bad_line_end},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", bad_version},
      {head("GET /private\tHTTP/1.1/../public HTTP/1.1"), bad_path},
      {head("GET a:443 HTTP/1.1"), bad_target},
      {head("GET * HTTP/1.1"), bad_target},
      {head("GET */ HTTP/1.1"), bad_target},
      {head("GET ftp://a/ HTTP/1.1"), bad_target},
      {head("GET file:///etc/passwd HTTP/1.1"), bad_target},
      {head("GET http:/a HTTP/1.1"), bad_target},
      {head("GET http://u@h/ HTTP/1.1"), bad_host},
      {head("GET http:// HTTP/1.1"), bad_host},
      {head("GET http:///a HTTP/1.1"), bad_host},
      {head("GET http://a:0/ HTTP/1.1"), bad_host},
      {head("GET //host/path HTTP/1.1"), bad_path},
      {head("GET /a#b HTTP/1.1"), bad_path},
      {head("GET http://a#b HTTP/1.1"), bad_path},
      {head("GET /?#b HTTP/1.1"), bad_query},
      {head("GET /?X-Amz-Signature=1 HTTP/1.1"), signature_in_query},
  });
}

TEST(RequestParser, RefusedFieldLines) {
  using enum ParseError;
  expect_refused({
      {post_with("X : 1"), bad_field_name},
      {post_with("X\t: 1"), bad_field_name},
      {post_with(": 1"), bad_field_name},
      {post_with("X"), bad_field_name},
      {post_with("X Y: 1"), bad_field_name},
      {post_with("X\xc3\xa9: 1"), bad_field_name},
      {post_with("X\0: 1"s), bad_field_name},
      {post_with("X(: 1"), bad_field_name},
      {post_with("X: a\r\n b"), folded_line},
      {post_with("X: a\r\n\tb"), folded_line},
      {post_with("X: a\r\n "), folded_line},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", folded_line},
      {post_with("X: a\nY: b"), bad_line_end},
      {post_with("X: a\rY: b"), bad_field_value},
      {post_with("X: a\r\rb"), bad_field_value},
      {post_with("X: a\r"), bad_field_value},
      {post_with("X: a\0b"s), bad_field_value},
      {post_with("X: \x01"), bad_field_value},
      {post_with("X: a long value with a bell \x07 in it"), bad_field_value},
      {post_with("X: a long value with a delete \x7f in it"), bad_field_value},
      {post_with("X: a\x1b[31m"), bad_field_value},
      {"POST / HTTP/1.1\r\nHost: a\r\n\nX: b\r\n\r\n", bad_line_end},
      {"POST / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", bad_field_name},
      {"POST / HTTP/1.1\r\nHost: a\n\n", bad_line_end},
      {post_with("Connection: \"close\""), bad_connection},
      {post_with("Connection: close; x"), bad_connection},
      {post_with("Connection: a b"), bad_connection},
      {post_with("Connection: a" + std::string(64, ',') + "b"), bad_connection},
  });
}

TEST(RequestParser, RefusedHosts) {
  using enum ParseError;
  const auto with_host = [](const std::string& lines) {
    return "GET / HTTP/1.1\r\n" + lines + "\r\n";
  };
  expect_refused({
      {with_host(""), missing_host},
      {"GET / HTTP/1.0\r\n\r\n", missing_host},
      {"GET http://a/ HTTP/1.1\r\n\r\n", missing_host},
      {with_host("Host: a\r\nHost: a\r\n"), repeated_host},
      {with_host("Host: a\r\nX: y\r\nhost: b\r\n"), repeated_host},
      {with_host("Host:\r\n"), bad_host},
      {with_host("Host: a, b\r\n"), bad_host},
      {with_host("Host: a b\r\n"), bad_host},
      {with_host("Host: u@a\r\n"), bad_host},
      {with_host("Host: a/b\r\n"), bad_host},
      {with_host("Host: a?b\r\n"), bad_host},
      {with_host("Host: a:\r\n"), bad_host},
      {with_host("Host: a:80x\r\n"), bad_host},
      {with_host("Host: a:65536\r\n"), bad_host},
      {with_host("Host: [fe80::1%25eth0]\r\n"), bad_host},
      {with_host("Host: a.\r\n"), bad_host},
      {"GET http://b/ HTTP/1.1\r\nHost: a@\r\n\r\n", bad_host},
  });
}

TEST(RequestParser, PipelinedRequestIsLeftAlone) {
  const std::string first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
  const Outcome outcome = feed_request(first + "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n", 1000);
  EXPECT_EQ(outcome.head_length, first.size());
  EXPECT_EQ(outcome.text, "GET /1 1.1 a:0 none keep\nhost: a");
}

}  // namespace
}  // namespace signet::http
