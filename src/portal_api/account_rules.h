#pragma once

#include <string>
#include <vector>

#include "runtime/clock.h"

namespace signet::portal_api {

// What tokens and sign-ins on devices need of the configuration.
struct AccountRules {
  AccountRules() = default;
  std::string public_url;         // what people type, without a trailing slash
  std::vector<std::string> apps;  // their names
  runtime::Duration max_lifetime = std::chrono::hours(24 * 90);  // identity.tokens.max_lifetime
};

}  // namespace signet::portal_api
