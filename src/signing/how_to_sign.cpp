#include "signing/how_to_sign.h"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::signing {

bool is_s3(std::string_view service) {
  constexpr std::array<std::string_view, 4> kFamily{"s3", "s3express", "s3-object-lambda",
                                                    "s3-outposts"};
  return std::ranges::find(kFamily, service) != kFamily.end();
}

HowToSign how_to_sign(std::string service, std::string region) {
  const PathEncoding encoding = is_s3(service) ? PathEncoding::kOnce : PathEncoding::kTwice;
  return {std::move(service), std::move(region), encoding, PayloadSigning::kHashed};
}

}  // namespace signet::signing
