// Normalising: idempotent, free of everything it promises to refuse, and never changing what a
// decoder reads.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/characters.h"
#include "http/target.h"
#include "runtime/block_pool.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_path(std::string_view path, std::string_view raw, runtime::Arena& arena) {
  const auto again = http::normalise_path(path, arena);
  require(again && *again == path);
  require(path.starts_with('/') && !path.contains("//"));
  require(path.find_first_of("\\;#? \t\r\n") == path.npos);
  std::string_view rest = path.substr(1);
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = http::percent_decode(rest.substr(0, slash), arena);
    require(segment != "." && segment != "..");
    require(segment.find_first_of(std::string_view("/\\\0\r\n\x7f", 6)) == segment.npos);
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  const std::string_view decoded = http::percent_decode(path, arena);
  require(decoded == http::percent_decode(raw, arena));
  require(http::second_decode_would_change(path) ==
          (http::percent_decode(decoded, arena) != decoded));
}

void check_query(std::string_view query, std::string_view raw, runtime::Arena& arena) {
  const auto again = http::normalise_query(query, arena);
  require(again && *again == query);
  for (const char c : query) {
    require(http::character::is_unreserved(c) || c == '%' || c == '&' || c == '=');
  }
  // A form decoder reads the same before and after.
  std::string spaced(raw);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  require(http::percent_decode(spaced, arena) == http::percent_decode(query, arena));
  for (const http::QueryParameter& each : http::query_parameters(query, arena)) {
    require(!http::character::equals_ignoring_case(each.name.substr(0, 6), "x-amz-"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string raw(reinterpret_cast<const char*>(data), size);
  // Mapping a slab for every input would be most of the time.
  static runtime::BlockPool pool;
  runtime::Arena arena(pool);
  if (const auto path = http::normalise_path(raw, arena)) check_path(*path, raw, arena);
  if (const auto query = http::normalise_query(raw, arena)) check_query(*query, raw, arena);
  for (const http::Method method : {http::Method::get, http::Method::options}) {
    const auto target = http::parse_target(method, raw, arena);
    if (!target || target->path == "*") continue;
    std::string written(target->path);
    if (target->has_query) written.append("?").append(target->query);
    const auto again = http::parse_target(method, written, arena);
    require(again && again->form == http::TargetForm::origin && again->path == target->path &&
            again->query == target->query && again->has_query == target->has_query);
  }
  return 0;
}
