#include "http/response_parser.h"

#include <gtest/gtest.h>

#include "http/head_feeder.h"

namespace signet::http {
namespace {

using namespace std::string_literals;
using test::feed_response;
using test::Outcome;
using test::refused;

Outcome at_every_size(const std::string& raw, Method asked = Method::get,
                      const HeadLimits& limits = {}) {
  const Outcome whole = feed_response(raw, raw.size(), asked, limits);
  for (const std::size_t size : test::fragment_sizes(raw.size())) {
    EXPECT_EQ(feed_response(raw, size, asked, limits), whole) << "fragments of " << size << ":\n"
                                                              << raw;
  }
  return whole;
}

struct Lawful {
  Method asked;
  std::string raw;
  std::string summary;
};

TEST(ResponseParser, LawfulHeads) {
  const std::vector<Lawful> rows{
      {Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
       "200 1.1 length 3 keep\ncontent-length: 3"},
      {Method::get, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
       "200 1.1 length 0 keep\ncontent-length: 0"},
      {Method::get, "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
       "404 1.1 length 0 keep\ncontent-length: 0"},
      {Method::get, "HTTP/1.1 200 Tr\xc3\xa8s bien\r\nTransfer-Encoding: chunked\r\n\r\n",
       "200 1.1 chunked keep\ntransfer-encoding: chunked"},
      {Method::get, "HTTP/1.1 200 OK\r\n\r\n", "200 1.1 until-close close"},
      {Method::post, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
       "200 1.0 length 2 close\ncontent-length: 2"},
      {Method::post, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n",
       "200 1.0 length 2 keep\ncontent-length: 2\nconnection: keep-alive"},
      {Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
       "200 1.1 length 2 close\ncontent-length: 2\nconnection: close"},
      {Method::head, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
       "200 1.1 none keep\ncontent-length: 900"},
      {Method::head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "200 1.1 none keep\ntransfer-encoding: chunked"},
      {Method::head, "HTTP/1.1 200 OK\r\n\r\n", "200 1.1 none keep"},
      {Method::get, "HTTP/1.1 204 No Content\r\n\r\n", "204 1.1 none keep"},
      {Method::get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n",
       "304 1.1 none keep\ncontent-length: 7\netag: \"x\""},
      {Method::put, "HTTP/1.1 100 Continue\r\n\r\n", "100 1.1 none keep"},
      {Method::get, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
       "103 1.1 none keep\nlink: </a>"},
      // MLflow sends two Date fields (uvicorn's and werkzeug's).
      {Method::get,
       "HTTP/1.1 200 OK\r\nDate: a\r\nDate: b\r\nSet_Cookie: kept\r\n"
       "Content-Length: 0\r\n\r\n",
       "200 1.1 length 0 keep\ndate: a\ndate: b\nset_cookie: kept\ncontent-length: 0"},
  };
  for (const Lawful& row : rows) {
    const Outcome outcome = at_every_size(row.raw, row.asked);
    EXPECT_EQ(outcome.text, row.summary) << row.raw;
    EXPECT_EQ(outcome.head_length, row.raw.find("\r\n\r\n") + 4);
  }
}

TEST(ResponseParser, RefusedHeads) {
  using enum ParseError;
  struct Row {
    std::string raw;
    ParseError error;
  };
  const auto with = [](const std::string& lines) {
    return "HTTP/1.1 200 OK\r\n" + lines + "\r\n\r\n";
  };
  const std::vector<Row> rows{
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", switching_protocols},
      {"HTTP/1.1 20 OK\r\n\r\n", bad_status_line},
      {"HTTP/1.1 2000 OK\r\n\r\n", bad_status_line},
      {"HTTP/1.1 099 Low\r\n\r\n", bad_status_line},
      {"HTTP/1.1 600 High\r\n\r\n", bad_status_line},
      {"HTTP/1.1 2x0 OK\r\n\r\n", bad_status_line},
      {"HTTP/1.1 200OK\r\n\r\n", bad_status_line},
      {"HTTP/1.1  200 OK\r\n\r\n", bad_status_line},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", bad_status_line},
      {"HTTP/1.1 200 O\0K\r\n\r\n"s, bad_status_line},
      {"HTTP/1.1 200 O\rK\r\n\r\n", bad_status_line},
      {"HTTP/1.1 200 OK\n\n", bad_line_end},
      {"HTTP/1.2 200 OK\r\n\r\n", version_unsupported},
      {"HTTP/2.0 200 OK\r\n\r\n", version_unsupported},
      {"ICY 200 OK\r\n\r\n", bad_status_line},
      {"<html>", bad_status_line},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", bad_status_line},
      {"HELLO\r\n", bad_status_line},
      {with("Content-Length: 5\r\nContent-Length: 5"), repeated_content_length},
      {with("Content-Length: 5\r\nContent-Length: 6"), repeated_content_length},
      {with("Content-Length: 5, 5"), bad_content_length},
      {with("Content-Length: +5"), bad_content_length},
      {with("Content-Length: 5\r\nTransfer-Encoding: chunked"), length_and_transfer_encoding},
      {with("Transfer-Encoding: gzip, chunked"), bad_transfer_encoding},
      {with("Transfer-Encoding: identity"), bad_transfer_encoding},
      {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), bad_transfer_encoding},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", transfer_encoding_in_1_0},
      {with("Bad Name: x"), bad_field_name},
      {with("Name : x"), bad_field_name},
      {with("X: a\r\n folded"), folded_line},
      {with("X: a\nY: b"), bad_line_end},
      {with("X: a\rY: b"), bad_field_value},
      {with("X: a\0b"s), bad_field_value},
      {with("Connection: a b"), bad_connection},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(at_every_size(row.raw).text, refused(row.error)) << row.raw;
  }
}

TEST(ResponseParser, Limits) {
  using enum ParseError;
  const HeadLimits limits{.request_line = 50, .header_bytes = 100, .header_count = 3};
  EXPECT_EQ(
      at_every_size("HTTP/1.1 200 " + std::string(38, 'x') + "\r\n\r\n", Method::get, limits).text,
      refused(start_line_too_large));
  EXPECT_EQ(at_every_size("HTTP/1.1 200 OK\r\nx: " + std::string(94, 'x') + "\r\n\r\n", Method::get,
                          limits)
                .text,
            refused(fields_too_large));
  EXPECT_EQ(at_every_size("HTTP/1.1 200 OK\r\n" + std::string(300, 'x'), Method::get, limits).text,
            refused(fields_too_large));
  EXPECT_EQ(
      at_every_size("HTTP/1.1 200 OK\r\na: 1\r\na: 1\r\na: 1\r\na: 1\r\n\r\n", Method::get, limits)
          .text,
      refused(too_many_fields));
}

}  // namespace
}  // namespace signet::http
