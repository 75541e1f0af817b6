#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/sha256.h"

// What the store keeps. Plain values; their constructors are declared because coroutines take them.
// Times are Unix seconds unless a name says otherwise.
namespace signet::state {

// The numbers are stored.
enum class TokenKind : std::uint8_t {
  personal = 0,  // of somebody's own making
  service = 1,   // a program's, made by an administrator
  device = 2,    // the access token of a sign-in on a device (RFC 8628)
  renewal = 3,   // what renews that one (RFC 6749 §1.5): it opens nothing by itself
  role = 4       // of an AWS role that was proved at STS
};

// The permission level that narrows nothing (MANAGE); 0 is NO_PERMISSIONS.
inline constexpr std::uint8_t kNoNarrowing = 4;

// A token that this gateway gave. The secret itself is never kept.
struct Token {
  Token() = default;

  std::string id;         // 16 hexadecimal digits, public
  crypto::Digest hash{};  // SHA-256 of the secret
  TokenKind kind = TokenKind::personal;
  std::string title;
  std::string person;               // the owner's id
  std::vector<std::string> groups;  // the owner's, as they were when it was made
  std::int64_t made_at = 0;
  std::int64_t expires = 0;
  std::vector<std::string> apps;  // empty: all
  std::uint8_t at_most = kNoNarrowing;
  std::int64_t last_used = 0;   // 0: never; up to some minutes late
  std::int64_t revoked_at = 0;  // 0: it is not
  // What came of one sign-in on a device has this in common; "" for all other tokens.
  std::string family;

  bool usable(std::int64_t now) const { return revoked_at == 0 && now < expires; }
  bool operator==(const Token&) const = default;
};

enum class RevocationKind : std::uint8_t {
  session,           // key: the session's id
  provider_session,  // key: "provider\nsid", as back-channel logout names it
  person,            // key: the person's id; of what was issued up to made_at
};

// Something that is no longer to be accepted although its signature still is good.
struct Revocation {
  Revocation() = default;

  RevocationKind kind = RevocationKind::session;
  std::string key;
  std::int64_t made_at = 0;
  std::int64_t until = 0;  // what it forbids has ended by then: the entry may be dropped

  bool operator==(const Revocation&) const = default;
};

// A provider's refresh token, sealed by whoever put it here.
struct RefreshToken {
  RefreshToken() = default;

  std::string session;
  std::vector<std::byte> sealed;
  std::int64_t generation = 0;      // grows with every replacement
  std::int64_t expires = 0;         // the session's end
  std::int64_t lease_until_ms = 0;  // Unix milliseconds; whoever has the lease is renewing it
  std::string lease_owner;

  bool operator==(const RefreshToken&) const = default;
};

enum class GrantStatus : std::uint8_t { pending, approved, denied };

// A device authorization under way (RFC 8628).
struct DeviceGrant {
  DeviceGrant() = default;

  crypto::Digest device_hash{};  // SHA-256 of the device code
  std::string user_code;
  std::int64_t made_at = 0;
  std::int64_t expires = 0;
  GrantStatus status = GrantStatus::pending;
  std::string person;  // who decided, and the groups at that time
  std::vector<std::string> groups;
  std::int64_t last_poll = 0;  // 0: never
  std::string client_address;  // who began it

  bool operator==(const DeviceGrant&) const = default;
};

}  // namespace signet::state
