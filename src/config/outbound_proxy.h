#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/cidr.h"

namespace signet::config {

// The HTTP proxy through which Signet reaches other hosts, and those it reaches without. Plain HTTP
// and loopback never go through it.
struct OutboundProxy {
  std::string host;  // "" when there is no proxy; without brackets
  std::uint16_t port = 0;
  std::vector<std::string> direct_names;  // "name", or ".domain" for all below; lower case
  std::vector<Cidr> direct_addresses;

  // Whether `target`, a lower-case name or a numeric address without brackets, is reached through
  // the proxy.
  bool is_for(std::string_view target, bool https) const;
  bool operator==(const OutboundProxy&) const = default;
};

}  // namespace signet::config
