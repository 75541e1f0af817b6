#include "config/cidr.h"

#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <netinet/in.h>

namespace signet::config {

namespace {

constexpr std::array<std::uint8_t, 12> kV4Mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The address as 16 bytes, IPv4 as v4-mapped IPv6 (RFC 4291 §2.5.5.2).
std::array<std::uint8_t, 16> bytes_of(const runtime::Address& address) {
  std::array<std::uint8_t, 16> bytes{};
  if (address.is_v6()) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address.get(), sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
  } else {
    sockaddr_in v4;
    std::memcpy(&v4, address.get(), sizeof v4);
    std::memcpy(bytes.data(), kV4Mapped.data(), kV4Mapped.size());
    std::memcpy(bytes.data() + kV4Mapped.size(), &v4.sin_addr, 4);
  }
  return bytes;
}

// `bytes` with everything beyond the prefix cleared.
std::array<std::uint8_t, 16> masked(std::array<std::uint8_t, 16> bytes, int prefix) {
  for (int i = 0; i < 16; ++i) {
    int kept = std::min(8, std::max(0, prefix - 8 * i));
    bytes[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return bytes;
}

std::string range_text(const std::array<std::uint8_t, 16>& network, int prefix) {
  if (prefix >= 96 && std::memcmp(network.data(), kV4Mapped.data(), kV4Mapped.size()) == 0) {
    return fmt::format("{}.{}.{}.{}/{}", network[12], network[13], network[14], network[15],
                       prefix - 96);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, network.data(), network.size());
  runtime::Address address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  return fmt::format("{}/{}", address.host_text(), prefix);
}

}  // namespace

std::expected<Cidr, std::string> Cidr::parse(std::string_view text) {
  auto bad = [&] {
    return std::unexpected(fmt::format(
        "\"{}\" is not a range of addresses: write e.g. 10.0.0.0/8 or 2001:db8::/32", text));
  };
  std::size_t slash = text.find('/');
  std::string_view host = text.substr(0, slash);
  auto address = runtime::Address::numeric(host, 0);
  if (!address || host.starts_with('[')) return bad();
  int bits = address->is_v6() ? 128 : 32;
  int prefix = bits;
  if (slash != std::string_view::npos) {
    std::string_view digits = text.substr(slash + 1);
    const char* end = digits.data() + digits.size();
    auto [rest, error] = std::from_chars(digits.data(), end, prefix);
    if (error != std::errc() || rest != end || digits.front() == '-' || prefix > bits) return bad();
  }
  Cidr range;
  range.prefix_ = prefix + 128 - bits;
  std::array<std::uint8_t, 16> bytes = bytes_of(*address);
  range.network_ = masked(bytes, range.prefix_);
  if (range.network_ != bytes) {
    return std::unexpected(
        fmt::format("\"{}\" has bits set beyond its prefix: write {}", text, range.text()));
  }
  return range;
}

bool Cidr::contains(const runtime::Address& address) const {
  return masked(bytes_of(address), prefix_) == network_;
}

std::string Cidr::text() const {
  return range_text(network_, prefix_);
}

}  // namespace signet::config
