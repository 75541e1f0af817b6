#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "crypto/random.h"
#include "identity/aws_proofs.h"
#include "portal_api/api_call.h"
#include "runtime/clock.h"
#include "state/store.h"

namespace signet::portal_api {

// Of a workload that has proved its role. It proves it again for the next one.
inline constexpr std::int64_t kRoleTokenSeconds = 3600;
// Of one role, usable at once: each process of a workload has its own.
inline constexpr std::size_t kMostRoleTokens = 5000;

// POST /tokens/aws: a token for whoever proves an AWS role that identity.aws_roles names. On the
// home loop.
class AwsTokenApi {
 public:
  // All borrowed.
  AwsTokenApi(runtime::EventLoop& home, identity::AwsProofs& proofs, state::Store& store,
              crypto::Random& random, const runtime::Clock& clock)
      : home_(home), proofs_(proofs), store_(store), random_(random), clock_(clock) {}

  // For everybody. `config` has a public URL. 429 to a role that has kMostRoleTokens.
  runtime::Task<ApiAnswer> make(ApiCall call, std::shared_ptr<const config::Config> config);

 private:
  bool has_too_many(std::string_view person, std::int64_t now) const;

  runtime::EventLoop& home_;
  identity::AwsProofs& proofs_;
  state::Store& store_;
  crypto::Random& random_;
  const runtime::Clock& clock_;
};

}  // namespace signet::portal_api
