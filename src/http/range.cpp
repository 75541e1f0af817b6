#include "http/range.h"

#include <algorithm>
#include <optional>

#include "http/characters.h"

namespace signet::http {
namespace {

// A number too large for 64 bits means "past the end", as a huge one does.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!character::is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  return value;
}

}  // namespace

// ranges-specifier = range-unit "=" range-set
// range-set        = 1#range-spec
// int-range        = first-pos "-" [ last-pos ]
// suffix-range     = "-" suffix-length                                          (RFC 9110 §14.1)
Ranges parse_range(std::string_view value, std::uint64_t length) {
  constexpr std::string_view kUnit = "bytes=";
  Ranges result;
  if (!character::equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return result;
  std::string_view rest = value.substr(kUnit.size());
  std::size_t named = 0;
  while (!rest.empty()) {
    const std::string_view spec = character::next_element(rest);
    if (spec.empty()) continue;
    const std::size_t dash = spec.find('-');
    if (++named > kMaxRanges || dash == std::string_view::npos) return Ranges{};
    const std::string_view left = spec.substr(0, dash);
    const std::string_view right = spec.substr(dash + 1);
    const std::optional<std::uint64_t> first = parse_position(left);
    const std::optional<std::uint64_t> last = parse_position(right);
    if ((!first && !left.empty()) || (!last && !right.empty()) || (!first && !last) ||
        (first && last && *last < *first)) {
      return Ranges{};
    }
    if (!first) {
      if (*last != 0 && length != 0) {
        result.list[result.count++] = {length - std::min(*last, length), length - 1};
      }
    } else if (*first < length) {
      result.list[result.count++] = {*first, std::min(last.value_or(UINT64_MAX), length - 1)};
    }
  }
  if (named == 0) return Ranges{};
  result.kind = result.count == 0 ? Ranges::Kind::unsatisfiable : Ranges::Kind::satisfiable;
  return result;
}

}  // namespace signet::http
