#pragma once

#include <optional>

#include "crypto/random.h"
#include "runtime/clock.h"

namespace signet::credentials {

// When keys are fetched again. Advisory and mandatory are the moments of the AWS SDKs.
struct RefreshRules {
  // Before the keys' end: the refresh happens at a random moment between these two. Keys that live
  // shortly are renewed in the same proportions: at most a quarter and a sixth of their life.
  runtime::Duration advisory = std::chrono::minutes(15);
  runtime::Duration mandatory = std::chrono::minutes(10);
  // Keys that do not say when they end are looked up again this often, a tenth more or less, so
  // that keys rotated in a file are noticed.
  runtime::Duration recheck = std::chrono::seconds(60);
  // How long those are used when they cannot be looked up any more.
  runtime::Duration longest_stale = std::chrono::minutes(15);
  // After failures: doubled from the first to the longest, of which a random half is waited.
  runtime::Duration first_retry = std::chrono::seconds(1);
  runtime::Duration longest_retry = std::chrono::seconds(60);
  // The most that a Retry-After is believed.
  runtime::Duration longest_retry_asked = std::chrono::minutes(5);
  // Between two refreshes because an origin rejected the keys.
  runtime::Duration between_rejections = std::chrono::seconds(10);
  // No STS session lives longer; an end beyond it is not believed.
  runtime::Duration longest_life = std::chrono::hours(36);
  // For one attempt: timeouts.credentials.
  runtime::Duration attempt = std::chrono::seconds(10);
};

// From now to the refresh of keys that live `life` from now.
runtime::Duration until_refresh(const RefreshRules& rules, runtime::Duration life,
                                crypto::Random& random);
// From now to the moment where it must have happened.
runtime::Duration until_mandatory(const RefreshRules& rules, runtime::Duration life);
// From now to the next look at keys without an end.
runtime::Duration until_recheck(const RefreshRules& rules, crypto::Random& random);
// From now to the next attempt after `failures` failures in a row (at least one), the last of which
// asked to wait for `asked`.
runtime::Duration until_retry(const RefreshRules& rules, unsigned failures,
                              std::optional<runtime::Duration> asked, crypto::Random& random);
// How long before their end keys that live `life` are used no more: requests take time to arrive,
// and clocks differ. At most 10 s.
runtime::Duration safety_margin(runtime::Duration life);

}  // namespace signet::credentials
