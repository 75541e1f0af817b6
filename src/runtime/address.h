#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace signet::runtime {

// An IPv4 or IPv6 socket address.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);

  // A numeric host ("127.0.0.1", "::1", brackets allowed) and a port; nothing for names or zones.
  static std::optional<Address> numeric(std::string_view host, std::uint16_t port);

  // "127.0.0.1:80", "[::1]:80"; "unknown" for other families.
  std::string text() const;
  // The host alone, without brackets.
  std::string host_text() const;
  std::uint16_t port() const;
  // 127.0.0.0/8, ::1, and the first as v4-mapped v6.
  bool is_loopback() const;
  bool is_v6() const { return storage_.ss_family == AF_INET6; }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }
  bool operator==(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace signet::runtime
