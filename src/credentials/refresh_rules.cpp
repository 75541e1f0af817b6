#include "credentials/refresh_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace signet::credentials {

namespace {

using runtime::Duration;

// Uniform in [low, high).
Duration between(Duration low, Duration high, crypto::Random& random) {
  std::array<std::byte, 8> bytes;
  random.fill(bytes);
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  // 53 bits are what a double holds exactly.
  double fraction = static_cast<double>(number >> 11) / static_cast<double>(std::uint64_t{1} << 53);
  auto width = static_cast<double>((high - low).count());
  return low + Duration(static_cast<Duration::rep>(width * fraction));
}

}  // namespace

Duration until_refresh(const RefreshRules& rules, Duration life, crypto::Random& random) {
  Duration from = life - std::min(rules.advisory, life / 4);
  return between(from, until_mandatory(rules, life), random);
}

Duration until_mandatory(const RefreshRules& rules, Duration life) {
  return life - std::min(rules.mandatory, life / 6);
}

Duration until_recheck(const RefreshRules& rules, crypto::Random& random) {
  Duration tenth = rules.recheck / 10;
  return between(rules.recheck - tenth, rules.recheck + tenth, random);
}

Duration until_retry(const RefreshRules& rules, unsigned failures, std::optional<Duration> asked,
                     crypto::Random& random) {
  Duration wait = rules.first_retry;
  for (unsigned i = 1; i < failures && wait < rules.longest_retry; ++i)
    wait *= 2;
  wait = std::min(wait, rules.longest_retry);
  Duration retry = between(wait / 2, wait, random);
  if (asked) retry += std::clamp(*asked, Duration::zero(), rules.longest_retry_asked);
  return retry;
}

Duration safety_margin(Duration life) {
  return std::min<Duration>(std::chrono::seconds(10), life / 12);
}

}  // namespace signet::credentials
