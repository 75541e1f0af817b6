// The request parser: whatever the bytes, the same result at every fragment size, nothing read past
// the bytes given, and a head that was accepted holds what the rooms above rely on.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "http/head_feeder.h"
#include "http/hop_by_hop.h"
#include "http/writer.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_accepted(std::string_view raw, const http::HeadLimits& limits) {
  runtime::Arena arena(http::test::shared_pool());
  std::vector<char> block(raw.begin(), raw.end());
  http::RequestParser parser(arena, limits);
  const auto progress = parser.parse(block.data(), block.size());
  if (!progress || !progress->complete) return;
  http::RequestHead& head = parser.head();
  require(head.fields.count(http::FieldId::host) == 1);
  require(!head.authority.host.empty());
  require(head.target.path.starts_with('/') || head.target.path == "*");
  require(!http::is_safe(head.method) || !head.body.has_body());
  require(head.fields.size() <= limits.header_count);
  for (const http::Field& field : head.fields) {
    require(!field.name.empty() && !field.name.contains('_'));
    require(field.name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ: \t\r\n") == field.name.npos);
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos);
  }
  // What is written for the origin must be writable, and be read there as the same request.
  http::remove_hop_by_hop(head.fields);
  head.fields.remove(http::FieldId::host);
  std::vector<char> room(raw.size() * 4 + 400);
  http::HeadWriter writer(room);
  writer.request_line(head.method_name, head.target.path, head.target.query, head.target.has_query);
  writer.field(http::FieldId::host, head.authority.host);
  writer.fields(head.fields);
  const auto written = writer.finish();
  require(written.has_value());
  if (head.target.path == "*") return;
  http::HeadLimits wide;
  wide.request_line = wide.header_bytes = room.size();
  http::RequestParser again(arena, wide);
  const auto second = again.parse(room.data(), *written);
  require(second && second->complete && second->head_length == *written);
  require(again.head().method_name == head.method_name);
  require(again.head().target.path == head.target.path);
  require(again.head().target.query == head.target.query);
  require(again.head().fields.size() == head.fields.size() + 1);
  require(!again.head().body.has_body());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data + 1), size - 1);
  // Small limits, so that short inputs reach them.
  const http::HeadLimits limits{.request_line = 256, .header_bytes = 512, .header_count = 12};
  const std::size_t fragment = 1 + data[0] % 64;
  const http::test::Outcome whole = http::test::feed_request(raw, raw.size(), limits);
  require(http::test::feed_request(raw, fragment, limits) == whole);
  require(http::test::feed_request(raw, 1, limits) == whole);
  check_accepted(raw, limits);
  return 0;
}
