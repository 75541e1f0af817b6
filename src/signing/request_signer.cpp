#include "signing/request_signer.h"

#include "signing/payload_hash.h"

namespace signet::signing {

namespace {
constexpr std::string_view kDate = "x-amz-date";
constexpr std::string_view kContentHash = "x-amz-content-sha256";
constexpr std::string_view kSecurityToken = "x-amz-security-token";
constexpr std::string_view kAuthorization = "authorization";
}  // namespace

bool RequestSigner::signs(std::string_view name) {
  return name == "host" || name == "content-type" || name.starts_with("x-amz-") ||
         name == kAppArnHeader || name == kTrackingServerArnHeader;
}

bool RequestSigner::adds(std::string_view name) {
  return name == kDate || name == kContentHash || name == kSecurityToken || name == kAuthorization;
}

std::span<const SignedHeader> RequestSigner::sign(const Outbound& request, const AccessKey& key,
                                                  const HowToSign& how, std::int64_t unix_seconds) {
  if (date_.unix_seconds() != unix_seconds) date_ = AmzDate(unix_seconds);
  const std::string_view payload = payload_text(how.payload, request.payload_hash);

  added_.clear();
  added_.push_back({kDate, date_.text()});
  added_.push_back({kContentHash, payload});
  if (!key.token.empty()) added_.push_back({kSecurityToken, key.token});

  signed_.clear();
  for (const SignedHeader& header : request.headers) {
    if (signs(header.name) && !adds(header.name)) signed_.push_back(header);
  }
  signed_.insert(signed_.end(), added_.begin(), added_.end());

  const Signable signable{request.method, request.path, request.query, signed_, payload};
  last_ = signer_.sign(signable, key, how, date_);
  added_.push_back({kAuthorization, last_.authorization});
  return added_;
}

}  // namespace signet::signing
