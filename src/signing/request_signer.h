#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "signing/sigv4.h"

namespace signet::signing {

// The headers that tell SageMaker's shared data plane which MLflow is meant.
inline constexpr std::string_view kAppArnHeader = "x-sm-mlflow-app-arn";
inline constexpr std::string_view kTrackingServerArnHeader = "x-mlflow-sm-tracking-server-arn";

// A request as Signet is about to send it.
struct Outbound {
  std::string_view method;
  // As on the wire: normalised, percent-encoded once.
  std::string_view path;
  std::string_view query;
  // All headers that will be sent, with lower-case names, in any order; host among them.
  std::span<const SignedHeader> headers;
  // The body's SHA-256 in lower-case hexadecimal; not looked at unless `how` hashes payloads.
  std::string_view payload_hash;
};

// Signs Signet's own requests, to MLflow and to AWS: decides which headers a signature covers, and
// which are added. One per loop, not thread-safe, no allocation in the steady state.
class RequestSigner {
 public:
  // Keeps about `cached_keys` derived signing keys.
  explicit RequestSigner(std::size_t cached_keys = 1024) : signer_(cached_keys) {}

  // True for the headers that are signed when they are sent: host, content-type, x-amz-* and the
  // ARN headers. Nothing that something on the way could add or change. `name` is lower-case.
  static bool signs(std::string_view name);
  // True for the headers that sign() adds itself. A request that carries one already must lose it.
  static bool adds(std::string_view name);

  // The headers to add to the request, in this order: x-amz-date, x-amz-content-sha256,
  // x-amz-security-token (temporary credentials only), authorization. The views are valid until the
  // next call; the token's as long as `key`, the hash's as long as the request's.
  // Headers among request.headers that are in adds() are taken as not sent.
  std::span<const SignedHeader> sign(const Outbound& request, const AccessKey& key,
                                     const HowToSign& how, std::int64_t unix_seconds);

  // What the last sign() went through.
  const Signature& last() const { return last_; }

 private:
  Signer signer_;
  AmzDate date_{0};
  Signature last_;
  std::vector<SignedHeader> signed_;
  std::vector<SignedHeader> added_;
};

}  // namespace signet::signing
