#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/identity.h"
#include "http/fetch.h"
#include "identity/aws_caller.h"
#include "identity/aws_proof.h"
#include "identity/person.h"
#include "identity/token_bucket.h"
#include "runtime/event_loop.h"

namespace signet::identity {

struct AwsProofRules {
  AwsProofRules() = default;
  // scheme://host[:port] of a stand-in for STS in tests; "" asks the host that the proof names.
  std::string stand_in;
  runtime::Duration deadline = std::chrono::seconds(5);  // of STS
  std::size_t in_flight = 16;
  // Proofs that are put to STS: so many at once, then one each time.
  std::size_t burst = 64;
  runtime::Duration each = std::chrono::milliseconds(50);
  // At the rate above, more than are ever remembered at once.
  std::size_t remembered = 16384;
};

// Puts the proof to the host it was signed for, as it stands, and reads who it is. No redirect is
// followed; at most kMaxCallerAnswer bytes are read. `stand_in` is asked instead unless it is
// empty; it learns the signed host from the field x-forwarded-host. What it is given must outlive
// the task.
runtime::Task<std::expected<AwsCaller, ProofFailure>> ask_sts(http::Fetcher& fetcher,
                                                              const AwsProof& proof,
                                                              const std::string& stand_in,
                                                              runtime::Time deadline);

// Workloads that prove their AWS role. One for the whole gateway, on its home loop, for a proof is
// good once only, whichever loop it came to; each signature is remembered until its proof has
// expired, also when STS could not be asked. Signatures have no nonce: processes that share
// credentials make the same proof within one second, and all but one of them must make another.
// What is remembered ends with the process and is not shared between gateways that stand for one
// address: a proof is good for a minute at most, and whoever could take it from the wire could take
// the token.
class AwsProofs {
 public:
  // The first two are borrowed; `fetcher` serves `home`.
  AwsProofs(runtime::EventLoop& home, http::Fetcher& fetcher, AwsProofRules rules);
  AwsProofs(const AwsProofs&) = delete;
  AwsProofs& operator=(const AwsProofs&) = delete;

  // Who made the proof in `body`, the request's. `gateway` is this gateway's public authority.
  // `roles` must outlive the task, as must this.
  runtime::Task<std::expected<Person, ProofFailure>> recognise(
      std::string body, std::string gateway, const std::vector<config::AwsRole>& roles,
      runtime::Time deadline);

 private:
  class Flight;

  std::expected<void, ProofFailure> admit(const AwsProof& proof, std::int64_t now);

  runtime::EventLoop& home_;
  http::Fetcher& fetcher_;
  const AwsProofRules rules_;
  std::size_t in_flight_ = 0;
  TokenBucket turns_;
  // Both hold the same: by signature, and by when it is forgotten.
  std::set<crypto::Digest> used_;
  std::set<std::pair<std::int64_t, crypto::Digest>> ends_;
};

}  // namespace signet::identity
