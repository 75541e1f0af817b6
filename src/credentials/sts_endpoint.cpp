#include "credentials/sts_endpoint.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "config/url.h"

namespace signet::credentials {

namespace {

// The region becomes part of a host name and of the signature's scope.
bool is_region(std::string_view region) {
  return !region.empty() && region.size() <= 32 && region.front() != '-' && region.back() != '-' &&
         std::ranges::all_of(region, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::expected<StsEndpoint, SourceFailure> configured(std::string_view variable,
                                                     const std::string& value) {
  // "https://host/base/" is the same as without the last slash.
  auto url = config::parse_url(std::string_view(value).substr(0, value.find_last_not_of('/') + 1));
  if (!url) {
    // The URL is not repeated: people put passwords into such variables.
    return std::unexpected(SourceFailure(
        Cause::misconfigured,
        fmt::format("{} is not https://HOST[:PORT][/PATH], without user name and query",
                    variable)));
  }
  if (!url->https && !url->is_loopback()) {
    return std::unexpected(SourceFailure(
        Cause::misconfigured,
        fmt::format("{} is plain http for a host that is not loopback; use https", variable)));
  }
  return StsEndpoint{url->text() + "/", url->authority(), url->path + "/"};
}

}  // namespace

std::expected<StsEndpoint, SourceFailure> sts_endpoint(std::string_view region,
                                                       const Variables& variables) {
  if (!is_region(region)) {
    return std::unexpected(SourceFailure(
        Cause::misconfigured, region.empty() ? std::string("no region is known for STS; set "
                                                           "AWS_REGION")
                                             : "the region for STS is not a region's name"));
  }
  std::string ignore = value_of(variables, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore != "true" && ignore != "True" && ignore != "TRUE") {
    for (std::string_view name : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"}) {
      std::string value = value_of(variables, name);
      if (!value.empty()) return configured(name, value);
    }
  }
  constexpr std::array<std::string_view, 3> kOthers{"us-iso", "eu-iso", "eusc-"};
  if (std::ranges::any_of(kOthers, [&](auto prefix) { return region.starts_with(prefix); })) {
    return std::unexpected(SourceFailure(
        Cause::unsupported, fmt::format("the STS of {} is not known to this version; set "
                                        "AWS_ENDPOINT_URL_STS",
                                        region)));
  }
  std::string host =
      fmt::format("sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
  return StsEndpoint{fmt::format("https://{}/", host), host, "/"};
}

}  // namespace signet::credentials
