#include "signing/target_parts.h"

#include <algorithm>
#include <utility>

#include "signing/percent_encoding.h"

namespace signet::signing {

std::expected<TargetParts, std::string> target_parts(std::string_view target) {
  TargetParts parts;
  // RFC 9110 §4.2.4: fragments are for the client only.
  if (target.contains('#')) {
    return std::unexpected("the target has a fragment (#…), which is never sent");
  }
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"http://", ":80"}, {"https://", ":443"}}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    std::string_view authority = target.substr(0, end);
    if (authority.empty() || authority.contains('@')) {
      return std::unexpected("the target's authority is not a host and a port");
    }
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    parts.host = authority;
    std::ranges::transform(parts.host, parts.host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    target.remove_prefix(end);
    break;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  parts.path = target.substr(0, question);
  append_percent_encoded(parts.query, target.substr(std::min(question + 1, target.size())),
                         kVisibleAscii);
  if (parts.path.empty() && !parts.host.empty()) parts.path = "/";
  if (!parts.path.starts_with('/')) {
    return std::unexpected("the target must begin with / or with http:// or https://");
  }
  return parts;
}

}  // namespace signet::signing
