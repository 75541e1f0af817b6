// The response parser: the same result at every fragment size, and an accepted head whose body has
// one possible length.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "http/head_feeder.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_accepted(std::string_view raw, http::Method asked) {
  runtime::Arena arena(http::test::shared_pool());
  std::vector<char> block(raw.begin(), raw.end());
  const http::HeadLimits limits;
  http::ResponseParser parser(arena, limits, asked);
  const auto progress = parser.parse(block.data(), block.size());
  if (!progress || !progress->complete) return;
  const http::IncomingHead& head = parser.head();
  require(head.status >= 100 && head.status < 600 && head.status != 101);
  const bool bodiless =
      asked == http::Method::head || head.interim() || head.status == 204 || head.status == 304;
  require(!bodiless || head.body.kind == http::BodyFraming::Kind::none);
  require(bodiless || head.body.kind != http::BodyFraming::Kind::none);
  require(!(head.keep_alive && head.body.kind == http::BodyFraming::Kind::until_close));
  const std::size_t lengths = head.fields.count(http::FieldId::content_length);
  const std::size_t codings = head.fields.count(http::FieldId::transfer_encoding);
  require(lengths + codings <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data + 1), size - 1);
  const http::HeadLimits limits{.request_line = 128, .header_bytes = 512, .header_count = 12};
  const auto asked = data[0] % 2 == 0 ? http::Method::get : http::Method::head;
  const std::size_t fragment = 1 + data[0] / 2 % 64;
  const http::test::Outcome whole = http::test::feed_response(raw, raw.size(), asked, limits);
  require(http::test::feed_response(raw, fragment, asked, limits) == whole);
  require(http::test::feed_response(raw, 1, asked, limits) == whole);
  check_accepted(raw, asked);
  return 0;
}
