#include "config/outbound_proxy.h"

#include <algorithm>

#include "config/url.h"

namespace signet::config {

bool OutboundProxy::is_for(std::string_view target, bool https) const {
  if (host.empty() || !https || is_loopback_host(target)) return false;
  if (const auto address = runtime::Address::numeric(std::string(target), 0)) {
    return std::ranges::none_of(direct_addresses,
                                [&](const Cidr& block) { return block.contains(*address); });
  }
  return std::ranges::none_of(direct_names, [&](const std::string& entry) {
    return entry.starts_with('.') ? target.ends_with(entry) : target == entry;
  });
}

}  // namespace signet::config
