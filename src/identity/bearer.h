#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/identity.h"
#include "crypto/sha256.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/key_book.h"
#include "identity/person.h"
#include "runtime/clock.h"

namespace signet::identity {

// Why a bearer token names nobody. `detail` is one sentence for the operator and repeats nothing of
// the token; callers are told no more than that it is not good.
struct Rejection {
  // Newer keys of this issuer may change the answer; "" when nothing would.
  std::string renew;
  std::string detail;
};

// Tokens of the configured issuers (RFC 7519 as bearer tokens, RFC 6750), for one loop. A token
// that was found good is remembered until it ends, the keys change, or others need the room.
class BearerTokens {
 public:
  // All borrowed.
  BearerTokens(const config::Identity& identity, const KeyBookView& keys,
               const runtime::Clock& clock);

  // How much is remembered at most.
  static constexpr std::size_t kMostKnown = 4096;
  static constexpr std::size_t kMostKnownBytes = std::size_t{4} << 20;

  // Who the token speaks for. The person stays as long as the pointer is kept.
  std::expected<std::shared_ptr<const Person>, Rejection> recognise(std::string_view token);

 private:
  struct Known {
    crypto::Digest token;
    std::shared_ptr<const Person> person;
    std::int64_t expires;
    std::uint64_t page;
    std::size_t bytes;
  };
  struct DigestHash {
    std::size_t operator()(const crypto::Digest& digest) const;
  };

  std::expected<std::shared_ptr<const Person>, Rejection> verified(std::string_view token,
                                                                   std::int64_t& expires) const;
  void forget(std::list<Known>::iterator known);
  void remember(const crypto::Digest& token, std::shared_ptr<const Person> person,
                std::int64_t expires);

  const config::Identity& identity_;
  const KeyBookView& keys_;
  const runtime::Clock& clock_;
  // The most recently used first.
  std::list<Known> known_;
  std::size_t known_bytes_ = 0;
  std::unordered_map<crypto::Digest, std::list<Known>::iterator, DigestHash> by_token_;
};

// The person that claims name, by an issuer's rules. For every source of verified claims.
std::expected<Person, std::string> person_of(const Claims& claims, const config::ClaimNames& names,
                                             const std::vector<config::Requirement>& require,
                                             const std::vector<std::string>& groups);

}  // namespace signet::identity
