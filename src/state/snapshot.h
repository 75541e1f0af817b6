#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "state/records.h"
#include "state/shared_table.h"

namespace signet::state {

// A digest's own bits are as good a hash as any.
struct DigestHash {
  std::size_t operator()(const crypto::Digest& digest) const {
    std::size_t value;
    std::memcpy(&value, digest.data(), sizeof(value));
    return value;
  }
};

// What every request needs of the store, in memory: tokens and revocations. Shared by all loops as
// shared_ptr<const Snapshot> and then never changed; only a store changes one, before it shares it.
class Snapshot {
 public:
  Snapshot() = default;

  // The token with this hash of its secret, usable or not; null: there is none. No allocation.
  // Valid while the snapshot is.
  const Token* find_token(const crypto::Digest& hash) const { return tokens_.find(hash); }
  // The same for a revocation. One whose `until` has passed may still be found.
  const Revocation* find_revocation(RevocationKind kind, std::string_view key) const {
    return revocations_.find(RevocationName{kind, key});
  }
  // Whether what was issued at `issued_at` is revoked by this key. For a person what was issued in
  // the very second of the revocation counts as issued before it; the other kinds ignore the time.
  bool is_revoked(RevocationKind kind, std::string_view key, std::int64_t issued_at) const;

  // All tokens of a person, usable or not, the newest first. Looks at every token: not for each
  // request.
  std::vector<Token> tokens_of(std::string_view person) const;

  std::size_t tokens() const { return tokens_.size(); }
  std::size_t revocations() const { return revocations_.size(); }

  // For stores.
  void put(Token token) { tokens_.put(std::move(token)); }
  void put(Revocation revocation) { revocations_.put(std::move(revocation)); }
  void remove_token(const crypto::Digest& hash) { tokens_.remove(hash); }
  void remove_revocation(RevocationKind kind, std::string_view key) {
    revocations_.remove(RevocationName{kind, key});
  }
  template <typename Visit>
  void for_each_token(Visit visit) const {
    tokens_.for_each(visit);
  }
  template <typename Visit>
  void for_each_revocation(Visit visit) const {
    revocations_.for_each(visit);
  }

  std::uint64_t version = 0;  // grows with every change, within this process
  std::int64_t read_at = 0;   // Unix seconds: when the whole was last read from the store

 private:
  struct RevocationName {
    RevocationKind kind;
    std::string_view key;
  };
  struct TokenKey {
    static const crypto::Digest& of(const Token& token) { return token.hash; }
    static std::size_t hash(const crypto::Digest& digest) { return DigestHash()(digest); }
    static bool equal(const crypto::Digest& a, const crypto::Digest& b);
  };
  struct RevocationKey {
    static RevocationName of(const Revocation& entry) { return {entry.kind, entry.key}; }
    static std::size_t hash(const RevocationName& name);
    static bool equal(const RevocationName& a, const RevocationName& b) {
      return a.kind == b.kind && a.key == b.key;
    }
  };

  SharedTable<Token, TokenKey> tokens_;
  SharedTable<Revocation, RevocationKey> revocations_;
};

}  // namespace signet::state
