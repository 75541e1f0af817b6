#include "http/chunked.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/block_pool.h"

namespace signet::http {
namespace {

using namespace std::string_literals;

struct Decoded {
  std::string payload;
  std::string end;  // "finished", "more", or why it was refused
  std::size_t consumed = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view raw, std::size_t fragment, const ChunkedDecoder::Limits& limits,
               Fields* trailers = nullptr) {
  ChunkedDecoder decoder(limits, trailers);
  Decoded result;
  for (std::size_t fed = 0; fed < raw.size(); fed += fragment) {
    const std::string piece(raw.substr(fed, fragment));  // so that views past its end are caught
    std::string_view rest = piece;
    while (!rest.empty()) {
      const auto step = decoder.next(rest);
      if (!step) {
        result.end = describe(step.error());
        return result;
      }
      EXPECT_TRUE(step->consumed != 0);
      result.payload += step->payload;
      result.consumed += step->consumed;
      rest.remove_prefix(step->consumed);
      if (step->finished) {
        EXPECT_TRUE(decoder.finished());
        EXPECT_EQ(decoder.payload_bytes(), result.payload.size());
        result.end = "finished";
        return result;
      }
    }
  }
  result.end = "more";
  return result;
}

Decoded at_every_size(const std::string& raw, const ChunkedDecoder::Limits& limits = {}) {
  const Decoded whole = decode(raw, raw.size(), limits);
  for (std::size_t size = 1; size < std::min<std::size_t>(raw.size(), 200); ++size) {
    const Decoded pieces = decode(raw, size, limits);
    EXPECT_EQ(pieces.end, whole.end) << "fragments of " << size << ":\n" << raw;
    EXPECT_EQ(pieces.payload, whole.payload) << "fragments of " << size << ":\n" << raw;
    if (whole.end == "finished") EXPECT_EQ(pieces.consumed, whole.consumed);
  }
  return whole;
}

TEST(ChunkedDecoder, Lawful) {
  struct Row {
    std::string raw;
    std::string payload;
  };
  for (const Row& row : std::vector<Row>{
           {"0\r\n\r\n", ""},
           {"000\r\n\r\n", ""},
           {"5\r\nhello\r\n0\r\n\r\n", "hello"},
           {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"},
           {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
           {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
           {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
           {"1;a\r\nx\r\n0;b=c;d\r\n\r\n", "x"},
           {"1;a=\"q;\\\" \t\"\r\nx\r\n0\r\n\r\n", "x"},
           {"1;a=\"\";b\r\nx\r\n0\r\n\r\n", "x"},
           {"1\r\nx\r\n0\r\nX-Trailer: y\r\nContent-Length: 3\r\nHost: evil\r\n\r\n", "x"},
       }) {
    const Decoded decoded = at_every_size(row.raw + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(decoded.end, "finished") << row.raw;
    EXPECT_EQ(decoded.payload, row.payload) << row.raw;
    EXPECT_EQ(decoded.consumed, row.raw.size()) << row.raw;
    EXPECT_EQ(decode(row.raw.substr(0, row.raw.size() - 1), 1000, {}).end, "more");
  }
}

TEST(ChunkedDecoder, Refused) {
  using enum ChunkError;
  struct Row {
    std::string raw;
    ChunkError error;
  };
  std::vector<Row> rows{
      {"\r\nhello", bad_size},
      {"0x5\r\nhello\r\n", bad_size},
      {"+5\r\nhello\r\n", bad_size},
      {"-5\r\nhello\r\n", bad_size},
      {"5_\r\nhello\r\n", bad_size},
      {" 5\r\nhello\r\n", bad_size},
      {"5 \r\nhello\r\n", bad_size},
      {"5\t\r\nhello\r\n", bad_size},
      {"5 ;a\r\nhello\r\n", bad_size},
      {"5\0\r\nhello\r\n"s, bad_size},
      {"g\r\n", bad_size},
      {";a\r\n", bad_size},
      {"00000000000000005\r\nhello\r\n", bad_size},
      {"8000000000000000\r\n", bad_size},
      {"ffffffffffffffff\r\n", bad_size},
      {"10000000000000000\r\n", bad_size},
      {"10000000000000005\r\nhello\r\n", bad_size},
      {"5\nhello\r\n", bad_line_end},
      {"5\rhello\r\n", bad_line_end},
      {"5\r\rhello\r\n", bad_line_end},
      {"5\r\nhello\n0\r\n\r\n", bad_line_end},
      {"5\r\nhello\r0\r\n\r\n", bad_line_end},
      {"5\r\nhello0\r\n\r\n", bad_line_end},
      {"5\r\nhello spills\r\n0\r\n\r\n", bad_line_end},
      {"0\r\n\n", bad_line_end},
      {"0\n\r\n", bad_line_end},
      {"0\r\nX: y\n\r\n", bad_line_end},
      {"5;\r\nhello\r\n", bad_extension},
      {"5; a\r\nhello\r\n", bad_extension},
      {"5;a=\r\nhello\r\n", bad_extension},
      {"5;a= b\r\nhello\r\n", bad_extension},
      {"5;a b\r\nhello\r\n", bad_extension},
      {"5;a=b c\r\nhello\r\n", bad_extension},
      {"5;a=\"b\"c\r\nhello\r\n", bad_extension},
      {"5;a=\"b\r\nhello\r\n", bad_extension},
      {"5;a=\"\\\r\nhello\r\n", bad_extension},
      {"5;a\0\r\nhello\r\n"s, bad_extension},
      {"5;a=\"\0\"\r\nhello\r\n"s, bad_extension},
      {"5;a\rb\r\nhello\r\n", bad_line_end},
      {"5;a\nhello\r\n", bad_line_end},
      {"5;a=\"\n\"\r\nhello\r\n", bad_line_end},
      {"5;" + std::string(1024, 'a') + "\r\nhello\r\n", extension_too_long},
      {"5;" + std::string(64 * 1024, 'a') + "\r\nhello\r\n", extension_too_long},
      {"0\r\nX : y\r\n\r\n", bad_trailer},
      {"0\r\n X: y\r\n\r\n", bad_trailer},
      {"0\r\nX: \0\r\n\r\n"s, bad_trailer},
      {"0\r\nX: a\rb\r\n\r\n", bad_trailer},
      {"0\r\nno colon\r\n\r\n", bad_trailer},
      {"0\r\nX: " + std::string(9000, 'y') + "\r\n\r\n", trailers_too_large},
      {"0\r\n" + std::string(9000, 'y'), trailers_too_large},
      {"1\r\nx\r\n1a\r\n", body_too_large},
  };
  std::string many = "0\r\n";
  for (int i = 0; i < 33; ++i)
    many += "x: y\r\n";
  rows.push_back({many + "\r\n", trailers_too_large});
  for (const Row& row : rows) {
    ChunkedDecoder::Limits limits;
    if (row.error == body_too_large) limits.body_bytes = 10;
    EXPECT_EQ(at_every_size(row.raw, limits).end, describe(row.error)) << row.raw.substr(0, 200);
  }
}

TEST(ChunkedDecoder, BodyLimitCountsPayloadOnly) {
  ChunkedDecoder::Limits limits;
  limits.body_bytes = 6;
  EXPECT_EQ(at_every_size("3;a\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", limits).end, "finished");
  EXPECT_EQ(at_every_size("3;a\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", limits).end,
            describe(ChunkError::body_too_large));
}

TEST(ChunkedDecoder, HandsOutTrailersWhenAsked) {
  runtime::BlockPool pool;
  runtime::Arena arena(pool);
  const std::string raw = "1\r\nx\r\n0\r\nServer-Timing: a\r\nX-Own:  b \r\n\r\n";
  for (std::size_t size = 1; size <= raw.size(); ++size) {
    Fields trailers(arena);
    EXPECT_EQ(decode(raw, size, {}, &trailers).end, "finished");
    ASSERT_EQ(trailers.size(), 2u);
    EXPECT_EQ(trailers.value(FieldId::server_timing), "a");
    EXPECT_EQ(trailers.find("x-own")->value, "b");
  }
}

TEST(ChunkPrefix, IsHexAndCrlf) {
  EXPECT_EQ(ChunkPrefix(1).view(), "1\r\n");
  EXPECT_EQ(ChunkPrefix(15).view(), "f\r\n");
  EXPECT_EQ(ChunkPrefix(16).view(), "10\r\n");
  EXPECT_EQ(ChunkPrefix(65536).view(), "10000\r\n");
  EXPECT_EQ(ChunkPrefix(SIZE_MAX).view(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace signet::http
