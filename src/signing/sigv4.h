#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crypto/sha256.h"
#include "signing/amz_date.h"
#include "signing/canonical_request.h"
#include "signing/how_to_sign.h"
#include "signing/keys.h"
#include "signing/signing_keys.h"

namespace signet::signing {

// The outcome of one signature. The views are valid until the signer is used again.
struct Signature {
  // The value of the Authorization header.
  std::string_view authorization;
  // The two texts on the way to it, for people who look for the reason of a refusal.
  std::string_view canonical_request;
  std::string_view string_to_sign;
};

// AWS Signature Version 4:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// One per loop, not thread-safe. It keeps its buffers and contexts: signing allocates nothing once
// they have grown to the size of the requests and the key has been derived.
class Signer {
 public:
  // Keeps about `cached_keys` derived signing keys.
  explicit Signer(std::size_t cached_keys = 1024) : keys_(cached_keys) {}

  // Signs exactly what `request` holds. The caller has put host, x-amz-date (`date`) and, with
  // temporary credentials, x-amz-security-token among its headers.
  Signature sign(const Signable& request, const AccessKey& key, const HowToSign& how,
                 const AmzDate& date);

  const SigningKeys& keys() const { return keys_; }

 private:
  CanonicalRequest canonical_request_;
  std::string credential_scope_;
  std::string string_to_sign_;
  std::string authorization_;
  crypto::Sha256 sha256_;
  SigningKeys keys_;
};

}  // namespace signet::signing
