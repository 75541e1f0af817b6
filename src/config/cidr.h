#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "runtime/address.h"

namespace signet::config {

// A range of addresses, e.g. 10.0.0.0/8 or 2001:db8::/32. Ranges of IPv4 also hold v4-mapped
// addresses.
class Cidr {
 public:
  // A lone address is a range of one. The error is one sentence: bits set beyond the prefix, …
  static std::expected<Cidr, std::string> parse(std::string_view text);

  bool contains(const runtime::Address& address) const;
  std::string text() const;
  bool operator==(const Cidr&) const = default;

 private:
  std::array<std::uint8_t, 16> network_{};  // IPv4 as ::ffff:a.b.c.d
  int prefix_ = 128;                        // of those 128 bits
};

}  // namespace signet::config
