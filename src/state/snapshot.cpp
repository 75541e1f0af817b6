#include "state/snapshot.h"

#include <algorithm>
#include <functional>

#include "crypto/secret.h"

namespace signet::state {

bool Snapshot::TokenKey::equal(const crypto::Digest& a, const crypto::Digest& b) {
  return crypto::equal_constant_time(std::span<const std::byte>(a), std::span<const std::byte>(b));
}

std::size_t Snapshot::RevocationKey::hash(const RevocationName& name) {
  constexpr std::size_t kOdd = 0x9e3779b97f4a7c15;
  return (std::hash<std::string_view>()(name.key) ^ static_cast<std::size_t>(name.kind)) * kOdd;
}

bool Snapshot::is_revoked(RevocationKind kind, std::string_view key, std::int64_t issued_at) const {
  const Revocation* found = find_revocation(kind, key);
  if (found == nullptr) return false;
  return kind != RevocationKind::person || issued_at <= found->made_at;
}

std::vector<Token> Snapshot::tokens_of(std::string_view person) const {
  std::vector<Token> found;
  tokens_.for_each([&](const Token& token) {
    if (token.person == person) found.push_back(token);
  });
  std::ranges::sort(found, [](const Token& a, const Token& b) {
    return a.made_at != b.made_at ? a.made_at > b.made_at : a.id < b.id;
  });
  return found;
}

}  // namespace signet::state
