#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "credentials/failure.h"
#include "credentials/variables.h"

namespace signet::credentials {

struct StsEndpoint {
  std::string url;        // with its path, at least "/"
  std::string authority;  // what the Host header says
  std::string path;
};

// https://sts.REGION.amazonaws.com, amazonaws.com.cn in China; AWS_ENDPOINT_URL_STS, else
// AWS_ENDPOINT_URL, come first unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true. Plain http is
// taken only for a loopback host. Partitions whose names are not known need an endpoint.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
std::expected<StsEndpoint, SourceFailure> sts_endpoint(std::string_view region,
                                                       const Variables& variables);

}  // namespace signet::credentials
