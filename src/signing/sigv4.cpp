#include "signing/sigv4.h"

#include "crypto/hex.h"

namespace signet::signing {

namespace {
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
}  // namespace

Signature Signer::sign(const Signable& request, const AccessKey& key, const HowToSign& how,
                       const AmzDate& date) {
  // Step 1: Create a canonical request.
  const std::string_view canonical_request = canonical_request_.write(request, how.path_encoding);

  // Step 2: Create a hash of the canonical request, and from it the string to sign.
  sha256_.update(canonical_request);
  const crypto::HexDigest request_hash = crypto::hex(sha256_.finish());
  credential_scope_.assign(date.day()).append("/").append(how.region).append("/");
  credential_scope_.append(how.service).append("/aws4_request");
  string_to_sign_.assign(kAlgorithm).append("\n").append(date.text()).append("\n");
  string_to_sign_.append(credential_scope_).append("\n").append(crypto::view(request_hash));

  // Step 3: Derive the signing key and calculate the signature.
  const crypto::HmacSha256& signing_key = keys_.key_for(key, date.day(), how.region, how.service);
  const crypto::HexDigest signature = crypto::hex(signing_key.of(string_to_sign_));

  // Step 4: Add the signature to the request.
  authorization_.assign(kAlgorithm).append(" Credential=").append(key.id).append("/");
  authorization_.append(credential_scope_);
  authorization_.append(", SignedHeaders=").append(canonical_request_.signed_headers());
  authorization_.append(", Signature=").append(crypto::view(signature));
  return {authorization_, canonical_request, string_to_sign_};
}

}  // namespace signet::signing
