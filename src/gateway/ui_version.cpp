#include "gateway/ui_version.h"

#include <charconv>
#include <utility>

namespace signet::gateway {

namespace {
constexpr std::pair kFirstWithout{3, 15};
}  // namespace

bool ui_needs_eval(std::string_view version) {
  std::pair release{0, 0};
  const char* const end = version.data() + version.size();
  const auto major = std::from_chars(version.data(), end, release.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return true;
  const auto minor = std::from_chars(major.ptr + 1, end, release.second);
  if (minor.ec != std::errc() || release.first < 0 || release.second < 0) return true;
  return release < kFirstWithout;
}

}  // namespace signet::gateway
