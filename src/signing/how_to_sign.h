#pragma once

#include <string>
#include <string_view>

namespace signet::signing {

// How often the path is percent-encoded when the signature is computed. AWS: "each path segment
// must be URI-encoded twice, except for Amazon S3, which only gets URI-encoded once". The path on
// the wire has been encoded once already.
enum class PathEncoding { kOnce, kTwice };

// What stands for the body in the signature: its hash, or a fixed text that promises nothing about
// it.
enum class PayloadSigning { kHashed, kUnsigned, kStreamed };

// How requests to one origin are signed: data of the origin, not of the request.
struct HowToSign {
  std::string service;
  std::string region;
  PathEncoding path_encoding = PathEncoding::kTwice;
  PayloadSigning payload = PayloadSigning::kHashed;
};

// The usual way for a service: the S3 family encodes once, all others twice.
HowToSign how_to_sign(std::string service, std::string region);

// True for the services of the S3 family, whose paths are neither normalised nor encoded again.
bool is_s3(std::string_view service);

}  // namespace signet::signing
