#pragma once

#include <memory>
#include <string_view>

#include "crypto/random.h"
#include "portal_api/account_rules.h"
#include "portal_api/api_call.h"
#include "portal_api/device_api.h"
#include "portal_api/token_api.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "state/store.h"

namespace signet::portal_api {

// What of /signet/api/v1 needs the store: /tokens and /device, as docs/openapi.yaml has them. One,
// on the home loop; it outlives its tasks. Its answers keep no deadline: a disk may hang, and
// whoever waits brings runtime::within().
class AccountApi {
 public:
  // All borrowed.
  AccountApi(state::Store& store, crypto::Random& random, const runtime::Clock& clock)
      : tokens_(store, random, clock), device_(store, random, clock) {}

  // Calls from now on go by these.
  void configure(AccountRules rules) {
    rules_ = std::make_shared<const AccountRules>(std::move(rules));
  }

  // Whether a path below /signet/api/v1 is one of these. From any loop.
  static bool knows(std::string_view path);
  // Whether it is for everybody: who asks does not matter, and need not be found out.
  static bool is_public(std::string_view path);

  // Answers one call. The caller has been found out, and that the request comes from our own pages
  // where a session vouches for it.
  runtime::Task<ApiAnswer> handle(ApiCall call);

 private:
  TokenApi tokens_;
  DeviceApi device_;
  std::shared_ptr<const AccountRules> rules_ = std::make_shared<const AccountRules>();
};

}  // namespace signet::portal_api
