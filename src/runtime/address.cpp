#include "runtime/address.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

namespace signet::runtime {

namespace {

template <typename T>
T as(const sockaddr_storage& storage) {
  T address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t length)
    : length_(std::min<socklen_t>(length, sizeof storage_)) {
  std::memcpy(&storage_, address, length_);
}

std::optional<Address> Address::numeric(std::string_view host, std::uint16_t port) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  std::string text(host);
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return Address(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  }
  return std::nullopt;
}

std::string Address::host_text() const {
  if (family() == AF_INET) {
    // Not inet_ntop: this is asked once per request, and glibc's goes through printf.
    auto v4 = as<sockaddr_in>(storage_);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    std::string text;
    for (std::uint8_t byte : bytes) {
      if (!text.empty()) text += '.';
      if (byte >= 100) text += static_cast<char>('0' + byte / 100);
      if (byte >= 10) text += static_cast<char>('0' + byte / 10 % 10);
      text += static_cast<char>('0' + byte % 10);
    }
    return text;
  }
  if (family() != AF_INET6) return "unknown";
  std::array<char, INET6_ADDRSTRLEN> text{};
  auto v6 = as<sockaddr_in6>(storage_);
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return text.data();
}

std::string Address::text() const {
  if (family() == AF_INET) return fmt::format("{}:{}", host_text(), port());
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host_text(), port());
  return "unknown";
}

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

bool Address::is_loopback() const {
  if (family() == AF_INET) return (ntohl(as<sockaddr_in>(storage_).sin_addr.s_addr) >> 24) == 127;
  if (family() != AF_INET6) return false;
  auto v6 = as<sockaddr_in6>(storage_).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

bool Address::operator==(const Address& other) const {
  return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

}  // namespace signet::runtime
