#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace signet::watch {

// Why this program answered instead of the origin: what x-signet-refusal says, the access log and
// the metrics too.
enum class Refusal : std::uint8_t {
  none,
  unauthenticated,
  forbidden,
  unknown_route,
  cross_site,
  bad_request,
  too_large,
  wrong_host,
  rate_limited,
  sign_in_too_old,
  too_many_tokens,
  cannot_sign,
  cannot_audit,
  origin_unreachable,
  overloaded,
  origin_lost,
  origin_bad_response,
  origin_timeout,
};

inline constexpr std::array<std::string_view, 18> kRefusalTexts{"",
                                                                "unauthenticated",
                                                                "forbidden",
                                                                "unknown-route",
                                                                "cross-site",
                                                                "bad-request",
                                                                "too-large",
                                                                "wrong-host",
                                                                "rate-limited",
                                                                "sign-in-too-old",
                                                                "too-many-tokens",
                                                                "cannot-sign",
                                                                "cannot-audit",
                                                                "origin-unreachable",
                                                                "overloaded",
                                                                "origin-lost",
                                                                "origin-bad-response",
                                                                "origin-timeout"};

constexpr std::string_view to_string(Refusal refusal) {
  return kRefusalTexts[static_cast<std::size_t>(refusal)];
}

}  // namespace signet::watch
