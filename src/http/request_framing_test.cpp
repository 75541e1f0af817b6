#include <gtest/gtest.h>

#include "http/request_parser.h"
#include "http/request_rows.h"

namespace signet::http {
namespace {

using namespace std::string_literals;
using test::at_every_size;
using test::expect_refused;
using test::feed_request;
using test::post_with;
using test::Refused;
using test::refused;

TEST(RequestParser, RefusedFraming) {
  using enum ParseError;
  std::vector<Refused> rows{
      {post_with("Content-Length: 5\r\nTransfer-Encoding: chunked"), length_and_transfer_encoding},
      {post_with("Transfer-Encoding: chunked\r\nContent-Length: 5"), length_and_transfer_encoding},
      {post_with("Transfer-Encoding: gzip\r\nContent-Length: 5"), length_and_transfer_encoding},
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
       bad_transfer_encoding},
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
       bad_transfer_encoding},
      {post_with("Content-Length: 5\r\nContent-Length: 6"), repeated_content_length},
      {post_with("Content-Length: 5\r\nContent-Length: 5"), repeated_content_length},
      {post_with("Content-Length: 5\r\nContent-Length: 5\r\ncontent-length: 5"),
       repeated_content_length},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
       transfer_encoding_in_1_0},
      {post_with("Transfer_Encoding: chunked"), framing_look_alike},
      {post_with("Content_Length: 5"), framing_look_alike},
      {post_with("content_LENGTH: 5"), framing_look_alike},
      {post_with("Transfer Encoding: chunked"), bad_field_name},
      {post_with("Transfer-Encoding : chunked"), bad_field_name},
      {post_with("Transfer-Encoding\t: chunked"), bad_field_name},
      {post_with("Content-Length : 5"), bad_field_name},
      {post_with(" Transfer-Encoding: chunked"), folded_line},
      {post_with("X: X\rTransfer-Encoding: chunked"), bad_field_value},
      {post_with("X: X\nTransfer-Encoding: chunked"), bad_line_end},
      {post_with("Transfer-Encoding:\r\n chunked"), folded_line},
      {post_with("Transfer-Encoding: chunked\r\n\t, identity"), folded_line},
  };
  for (const std::string& value : {"+5"s,
                                   "-0"s,
                                   "-1"s,
                                   "0x5"s,
                                   "0o5"s,
                                   "1_0"s,
                                   "1 0"s,
                                   "00"s,
                                   "0200"s,
                                   ""s,
                                   "5, 5"s,
                                   "5,5"s,
                                   "5, 6"s,
                                   "5abc"s,
                                   "5;"s,
                                   "5.0"s,
                                   "\"5\""s,
                                   "9223372036854775808"s,
                                   "18446744073709551615"s,
                                   "18446744073709551616"s,
                                   "18446744073709551621"s,
                                   "99999999999999999999999999999999"s,
                                   "5\xa0"s,
                                   "\xc2\xa0"
                                   "5"s}) {
    rows.push_back({post_with("Content-Length: " + value), bad_content_length});
  }
  for (const std::string& value : {"xchunked"s, "chunkedx"s, "identity"s, ""s, "chunked, identity"s,
                                   ", chunked"s, "chunked,"s, "chunked, chunked"s, "gzip, chunked"s,
                                   "chunked;p=v"s, "\"chunked\""s, "'chunked'"s, "chunked\x85"s,
                                   "\xa0"
                                   "chunked"s,
                                   "chun ked"s, "chunke"s}) {
    rows.push_back({post_with("Transfer-Encoding: " + value), bad_transfer_encoding});
  }
  for (const std::string& value : {"\x0b"
                                   "chunked"s,
                                   "chunked\x0c"s, "chunked\0"s, "\0chunked"s}) {
    rows.push_back({post_with("Transfer-Encoding: " + value), bad_field_value});
  }
  for (const std::string& method : {"GET"s, "HEAD"s, "OPTIONS"s, "TRACE"s}) {
    rows.push_back(
        {method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", body_not_allowed});
    rows.push_back({method + " / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                    body_not_allowed});
  }
  expect_refused(rows);
}

TEST(RequestParser, Limits) {
  using enum ParseError;
  const HeadLimits limits{.request_line = 100, .header_bytes = 200, .header_count = 4};
  const std::string host = "Host: a\r\n";           // 9 bytes
  const auto with_target = [&](std::size_t size) {  // request line of size + 13
    return "GET " + ("/" + std::string(size - 1, 'x')) + " HTTP/1.1\r\n" + host + "\r\n";
  };
  EXPECT_TRUE(at_every_size(with_target(87), limits).text.starts_with("GET /x"));
  EXPECT_EQ(at_every_size(with_target(88), limits).text, refused(start_line_too_large));
  // Two bytes of "\r\n" end it, nine are Host, four "y: \r\n" less one.
  const auto with_value = [&](std::size_t size) {
    return "GET / HTTP/1.1\r\n" + host + "y: " + std::string(size, 'x') + "\r\n\r\n";
  };
  EXPECT_TRUE(at_every_size(with_value(200 - 9 - 5 - 2), limits).text.starts_with("GET /"));
  EXPECT_EQ(at_every_size(with_value(200 - 9 - 5 - 1), limits).text, refused(fields_too_large));
  const auto with_lines = [&](int count, const std::string& line) {
    std::string head = "GET / HTTP/1.1\r\n" + host;
    for (int i = 1; i < count; ++i)
      head += line;
    return head + "\r\n";
  };
  EXPECT_TRUE(at_every_size(with_lines(4, "x: y\r\n"), limits).text.starts_with("GET /"));
  EXPECT_EQ(at_every_size(with_lines(5, "x: y\r\n"), limits).text, refused(too_many_fields));
  EXPECT_EQ(at_every_size(with_lines(5, "x_y: dropped\r\n"), limits).text,
            refused(too_many_fields));

  // What never ends a line is refused at the limit, not at the time-out.
  EXPECT_EQ(at_every_size("GET /" + std::string(300, 'x'), limits).text,
            refused(start_line_too_large));
  EXPECT_EQ(at_every_size("GET / HTTP/1.1\r\n" + std::string(300, 'x'), limits).text,
            refused(fields_too_large));
  EXPECT_EQ(at_every_size(with_target(100 * 1024)).text, refused(start_line_too_large));
  EXPECT_EQ(at_every_size(with_value(100 * 1024)).text, refused(fields_too_large));
  EXPECT_EQ(
      at_every_size("GET / HTTP/1.1\r\n" + host + std::string(100 * 1024, 'n') + ": v\r\n\r\n")
          .text,
      refused(fields_too_large));
  EXPECT_EQ(at_every_size(with_lines(10'000, "x: y\r\n")).text, refused(too_many_fields));
}

// A bad line is answered as soon as it is complete: no waiting for the rest of the head.
TEST(RequestParser, RefusesWithoutWaiting) {
  for (const std::string& raw :
       {"GET / HTTP/1.1\n"s, "GET / HTTP/1.1\r\nX: \0\r\n"s, "GET / HTTP/1.1\r\nX : y\r\n"s,
        "GET / HTTP/1.1\r\n x\r\n"s, "GET / HTTP/1.1\r\nX: y\n"s, "GET / HTTP/2.0\r\n"s, "\x80"s}) {
    EXPECT_TRUE(feed_request(raw, 1).text.starts_with("error")) << raw;
    EXPECT_EQ(feed_request(raw, 1).fed, raw.size()) << raw;
  }
}

TEST(ParseErrors, HaveStatusReasonAndText) {
  for (int i = 0; i <= static_cast<int>(ParseError::too_many_fields); ++i) {
    const auto error = static_cast<ParseError>(i);
    const bool large = error == ParseError::start_line_too_large ||
                       error == ParseError::fields_too_large ||
                       error == ParseError::too_many_fields;
    EXPECT_EQ(refusal_of(error), large ? "too-large" : "bad-request");
    EXPECT_EQ(status_of(error), large ? 431 : error == ParseError::version_unsupported ? 505 : 400);
    EXPECT_TRUE(describe(error).ends_with('.')) << i;
  }
}

}  // namespace
}  // namespace signet::http
