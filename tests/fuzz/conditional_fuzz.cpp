// Range, If-None-Match, If-Range, Accept, Accept-Encoding, Connection and dates, from any bytes.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/accept.h"
#include "http/conditional.h"
#include "http/connection_options.h"
#include "http/date.h"
#include "http/range.h"
#include "runtime/block_pool.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::uint64_t length = data[0];

  const http::Ranges ranges = http::parse_range(text, length);
  require((ranges.kind == http::Ranges::Kind::satisfiable) == !ranges.ranges().empty());
  for (const http::ByteRange& range : ranges.ranges()) {
    require(range.first <= range.last && range.last < length);
  }

  // Mapping a slab for every input would be most of the time.
  static runtime::BlockPool pool;
  runtime::Arena arena(pool);
  http::Fields fields(arena);
  for (const http::FieldId id :
       {http::FieldId::if_none_match, http::FieldId::if_range, http::FieldId::accept,
        http::FieldId::accept_encoding, http::FieldId::connection}) {
    fields.add(id, text);
  }
  if (http::if_none_match_matches(fields, "\"a\"")) require(text == "*" || text.contains("\"a\""));
  if (http::if_range_allows(fields, "\"a\"", "")) require(text == "\"a\"");
  if (http::accept_names(fields, "text/html")) require(http::is_navigation(fields));
  require(http::choose_coding(fields, false, false) == http::Coding::identity);
  (void)http::choose_coding(fields, true, true);
  const http::ConnectionOptions options = http::connection_options(fields);
  require(!options.close || http::connection_names(fields, "close"));
  require(!options.keep_alive || http::connection_names(fields, "keep-alive"));

  if (const auto time = http::parse_date(text)) {
    const http::DateText again = http::format_date(*time);
    // A leap second is read as the second before it.
    require(std::string_view(again.data(), again.size()) == text || text.substr(23, 2) == "60");
  }
  return 0;
}
