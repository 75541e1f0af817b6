#include "identity/aws_proofs.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "runtime/race.h"

namespace signet::identity {

namespace {

std::unexpected<ProofFailure> failure(ProofError error, std::string detail) {
  return std::unexpected(ProofFailure{error, std::move(detail)});
}

ProofError kind_of(http::FetchError error) {
  switch (error) {
    case http::FetchError::timed_out: return ProofError::timed_out;
    case http::FetchError::bad_response: return ProofError::bad_answer;
    default: return ProofError::unreachable;
  }
}

std::expected<AwsCaller, ProofFailure> read_answer(const http::FetchAnswer& answer,
                                                   std::string_view partition) {
  if (answer.status == 429 || answer.status >= 500) {
    return failure(ProofError::unavailable,
                   fmt::format("STS answers with status {}", answer.status));
  }
  if (answer.status != 200 && answer.status / 100 != 4) {
    return failure(ProofError::bad_answer,
                   fmt::format("STS answers with status {}", answer.status));
  }
  const auto identity = parse_caller_identity(answer.body);
  if (!identity) return std::unexpected(identity.error());
  if (answer.status != 200) {
    return failure(ProofError::refused, fmt::format("STS answers with status {}", answer.status));
  }
  return role_of(*identity, partition);
}

}  // namespace

runtime::Task<std::expected<AwsCaller, ProofFailure>> ask_sts(http::Fetcher& fetcher,
                                                              const AwsProof& proof,
                                                              const std::string& stand_in,
                                                              runtime::Time deadline) {
  http::FetchRequest request;
  request.method = "GET";
  request.url = stand_in.empty() ? fmt::format("https://{}/?{}", proof.host, proof.query)
                                 : fmt::format("{}/?{}", stand_in, proof.query);
  request.headers.emplace_back("x-signet-gateway", proof.gateway);
  if (!stand_in.empty()) request.headers.emplace_back("x-forwarded-host", proof.host);
  auto fetching = fetcher.fetch(std::move(request), deadline);
  const auto answer = co_await std::move(fetching);
  if (!answer) {
    co_return failure(kind_of(answer.error().error),
                      fmt::format("STS at {}: {}", proof.host, answer.error().detail));
  }
  co_return read_answer(*answer, proof.partition);
}

// Counts among those under way as long as it lives.
class AwsProofs::Flight {
 public:
  explicit Flight(AwsProofs& proofs) : proofs_(proofs) { ++proofs_.in_flight_; }
  ~Flight() { --proofs_.in_flight_; }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

 private:
  AwsProofs& proofs_;
};

AwsProofs::AwsProofs(runtime::EventLoop& home, http::Fetcher& fetcher, AwsProofRules rules)
    : home_(home),
      fetcher_(fetcher),
      rules_(std::move(rules)),
      turns_(rules_.burst, rules_.each, home.now()) {}

std::expected<void, ProofFailure> AwsProofs::admit(const AwsProof& proof, std::int64_t now) {
  while (!ends_.empty() && ends_.begin()->first <= now) {
    used_.erase(ends_.begin()->second);
    ends_.erase(ends_.begin());
  }
  if (used_.contains(proof.signature)) {
    return failure(ProofError::replayed, "the proof was used before");
  }
  if (in_flight_ >= rules_.in_flight || used_.size() >= rules_.remembered ||
      !turns_.take(home_.now())) {
    return failure(ProofError::busy, "too many proofs of AWS roles at once");
  }
  used_.insert(proof.signature);
  ends_.emplace(proof.good_until, proof.signature);
  return {};
}

runtime::Task<std::expected<Person, ProofFailure>> AwsProofs::recognise(
    std::string body, std::string gateway, const std::vector<config::AwsRole>& roles,
    runtime::Time deadline) {
  const std::int64_t now = home_.clock().unix_seconds();
  const auto proof = parse_aws_proof(body, gateway, now);
  if (!proof) co_return std::unexpected(proof.error());
  if (const auto admitted = admit(*proof, now); !admitted) {
    co_return std::unexpected(admitted.error());
  }
  const Flight flight(*this);
  const runtime::Time by = std::min(deadline, runtime::after(home_.now(), rules_.deadline));
  auto asking = ask_sts(fetcher_, *proof, rules_.stand_in, by);
  const auto caller = co_await runtime::within(home_, by, std::move(asking));
  if (!caller) co_return failure(ProofError::timed_out, "STS gives no answer in time");
  if (!*caller) co_return std::unexpected(caller->error());
  co_return person_of(**caller, roles);
}

}  // namespace signet::identity
