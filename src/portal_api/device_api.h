#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "identity/form.h"
#include "portal_api/account_rules.h"
#include "portal_api/api_call.h"
#include "portal_api/recent_tries.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "state/store.h"

namespace signet::portal_api {

inline constexpr std::string_view kClientId = "signet-cli";
inline constexpr std::int64_t kGrantLifetime = 600;           // seconds
inline constexpr std::int64_t kPollInterval = 5;              // seconds
inline constexpr std::int64_t kAccessLifetime = 43'200;       // seconds; less by max_lifetime
inline constexpr std::int64_t kSignInLifetime = 30 * 86'400;  // the same, of the renewal token
inline constexpr std::size_t kMostWrongCodes = 10;            // of one person in ten minutes
inline constexpr std::size_t kMostBegun = 60;                 // by one address in ten minutes
inline constexpr std::size_t kMostRenewed = 20;  // access tokens of a sign-in, usable at once

// Signing in on a device without a browser (RFC 8628), for the public client "signet-cli". On the
// home loop; what is given by reference stays until the task ends.
//
// A sign-in gives an access token and a renewal token, one family. Renewing ends the renewal token
// and gives another pair, which ends no later than the first: a sign-in holds for what max_lifetime
// allows, then somebody signs in again. A renewal token that comes twice was copied, so all of its
// family ends (RFC 9700 §4.14.2).
class DeviceApi {
 public:
  // All borrowed.
  DeviceApi(state::Store& store, crypto::Random& random, const runtime::Clock& clock)
      : store_(store), random_(random), clock_(clock) {}

  // POST /device/authorize: anybody begins (§3.1, §3.2).
  runtime::Task<ApiAnswer> authorize(const ApiCall& call, const AccountRules& rules);
  // POST /device/token: the device asks, or renews (§3.4, §3.5; RFC 6749 §5, §6).
  runtime::Task<ApiAnswer> token(const ApiCall& call, const AccountRules& rules);
  // GET /device/grants?user_code=…: what a signed-in person is about to decide.
  runtime::Task<ApiAnswer> show(const ApiCall& call);
  // POST /device/grants: the person decides.
  runtime::Task<ApiAnswer> decide(const ApiCall& call);

 private:
  // A new pair, and the answer that gives it to the device.
  struct Pair {
    Pair() = default;
    std::vector<state::Token> tokens;  // access, renewal
    ApiAnswer answer;
  };

  runtime::Task<ApiAnswer> poll(std::string device_code, const AccountRules& rules);
  runtime::Task<ApiAnswer> renew(std::string renewal_token, const AccountRules& rules);
  runtime::Task<ApiAnswer> end_family(state::Token reused);
  runtime::Task<state::Outcome<state::DeviceGrant>> find(std::string person, std::string code);
  Pair new_pair(const state::Token& like, std::int64_t end, std::string_view event);
  ApiAnswer too_many_tries(const std::string& person) const;

  state::Store& store_;
  crypto::Random& random_;
  const runtime::Clock& clock_;
  RecentTries wrong_codes_{kMostWrongCodes, std::chrono::minutes(10), 10'000};
  RecentTries begun_{kMostBegun, std::chrono::minutes(10), 10'000};
};

}  // namespace signet::portal_api
