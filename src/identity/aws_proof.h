#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "crypto/sha256.h"

namespace signet::identity {

// Why a proof makes nobody known. The names of to_string() are metric labels.
enum class ProofError : std::uint8_t {
  malformed,       // not {"url": …, "headers": {"x-signet-gateway": …}}
  bad_url,         // not an https URL of STS's form
  other_host,      // no regional endpoint of STS
  bad_query,       // a parameter that is unknown, absent, there twice or in another spelling
  other_action,    // not GetCallerIdentity
  bad_credential,  // of another service, Region or day than the rest of the proof
  not_bound,       // x-signet-gateway is not sent, or not signed
  other_gateway,   // made for another gateway
  wrong_time,      // expired, of the future, or good for too long
  replayed,        // used before, or by another process with the same key in the same second
  busy,            // too many proofs at once: later, perhaps
  unreachable,     // STS, by then or at all: later, perhaps
  timed_out,
  unavailable,  // 429 or 5xx of STS: later, perhaps
  refused,      // STS does not know the signature
  bad_answer,   // what came back is no answer of STS
  not_a_role,   // a user, root or a federated user
  unknown_role  // no entry of aws_roles names it
};
// Lower case with underscores, e.g. "other_host".
std::string_view to_string(ProofError error);
// Whether a new proof may do better a second later, without anybody changing anything.
bool is_temporary(ProofError error);

struct ProofFailure {
  ProofError error = ProofError::malformed;
  std::string detail;  // one sentence for the operator; repeats nothing of the proof
};

inline constexpr std::size_t kMaxProofBytes = 16 << 10;
// The longest life that a proof may have. STS itself is said to take a signature for a quarter of
// an hour whatever X-Amz-Expires says; whoever made the proof has signed that it ends earlier, and
// nobody needs more than the way here.
inline constexpr std::int64_t kLongestProofSeconds = 60;
// How far X-Amz-Date may be from our clock.
inline constexpr std::int64_t kProofClockSkew = 5 * 60;

// A presigned GetCallerIdentity, read and found to be of the one form there is. Only STS can say
// whether its signature is good.
struct AwsProof {
  AwsProof() = default;
  std::string host;       // sts.REGION.SUFFIX, sts-fips.REGION.SUFFIX
  std::string partition;  // whose host it is, e.g. "aws"
  std::string query;      // to be sent as it is
  std::string gateway;    // the value of x-signet-gateway that must be sent along
  crypto::Digest signature{};
  std::int64_t good_until = 0;  // Unix seconds: from then on it is too old
};

// Reads the body of a request for a token, strictly. Every part of the URL is on a list of what is
// allowed, and has one spelling: a parameter is there once, in plain letters wherever RFC 3986
// §2.3 has them plain, and as "%2F" otherwise, so that STS cannot read anything else in it
// than was read here. Hosts and Regions are those of the partitions aws, aws-cn, aws-us-gov and
// aws-eusc. The global endpoint is refused: it answers for one Region only, and no client of ours
// asks it. `gateway` is this gateway's public authority, as in a Host field; `now` is in Unix
// seconds.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// https://docs.aws.amazon.com/general/latest/gr/sts.html
std::expected<AwsProof, ProofFailure> parse_aws_proof(std::string_view body,
                                                      std::string_view gateway, std::int64_t now);

}  // namespace signet::identity
