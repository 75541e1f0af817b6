#include "credentials/description.h"

#include <fmt/core.h>

#include "credentials/iso_time.h"

namespace signet::credentials {

namespace {

std::string span(std::int64_t seconds) {
  if (seconds >= 3 * 3600) return fmt::format("{} h", seconds / 3600);
  if (seconds >= 3 * 60) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} s", seconds);
}

}  // namespace

std::string text(const Description& description, std::int64_t unix_seconds) {
  std::string line = description.name + ": ";
  if (description.origin.empty()) {
    line += "no keys";
  } else {
    line += fmt::format("access key {} from {}", description.key_id, description.origin);
    if (!description.expires) {
      line += ", which has no end";
    } else if (*description.expires > unix_seconds) {
      line += fmt::format(", until {} (in {})", iso_time(*description.expires),
                          span(*description.expires - unix_seconds));
    } else {
      line += fmt::format(", ended {} ({} ago)", iso_time(*description.expires),
                          span(unix_seconds - *description.expires));
    }
    if (!description.usable) line += ", not usable";
  }
  if (!description.failure.empty()) line += fmt::format("; {}", description.failure);
  return line;
}

}  // namespace signet::credentials
