// Return paths: whatever is accepted stays with this origin, resolved as a browser does it (WHATWG
// URL: tabs and line breaks left out, "\" taken for "/", dot segments removed), as it is or decoded
// once or twice, and never leads into sign-in.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/target.h"
#include "identity/return_path.h"
#include "runtime/arena.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

// Whether the reference, resolved, has this origin's authority still.
bool stays(std::string_view reference) {
  std::string seen;
  for (const char c : reference) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    seen += c == '\\' ? '/' : c;
  }
  const std::size_t begin = seen.find_first_not_of(' ');
  const std::string_view rest = std::string_view(seen).substr(begin == seen.npos ? 0 : begin);
  return rest.starts_with('/') && !rest.starts_with("//");
}

// Without the first `count` segments, as a proxy that strips a prefix, or dot segments, would.
void require_stays_when_cut(std::string_view path) {
  for (std::size_t at = path.find('/'); at != path.npos; at = path.find('/', at + 1))
    require(stays(path.substr(at)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto path = identity::safe_return_path(text);
  if (!path) return 0;
  require(*path == text && path->size() <= identity::kMaxReturnPathBytes);
  require(identity::safe_return_path(*path) == path);
  require(stays(*path));
  for (const char c : *path)
    require(c >= 0x21 && c <= 0x7E && c != '\\');

  const std::string_view whole = *path;
  static runtime::BlockPool pool;
  runtime::Arena arena(pool);
  std::string_view only_path = whole.substr(0, whole.find_first_of("?#"));
  require_stays_when_cut(only_path);
  // The gateway itself would serve it, and not as a page of sign-in.
  const auto normal = http::normalise_path(only_path, arena);
  require(normal.has_value());
  require(*normal != "/signet" && !normal->starts_with("/signet/"));
  for (int i = 0; i < 3; ++i) {
    only_path = http::percent_decode(only_path, arena);
    require(stays(only_path) && !only_path.contains('\\'));
    require(!only_path.contains("/../") && !only_path.ends_with("/.."));
    require(only_path != "/signet" && !only_path.starts_with("/signet/"));
    require_stays_when_cut(only_path);
  }
  return 0;
}
