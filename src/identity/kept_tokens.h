#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/identity.h"
#include "crypto/random.h"
#include "identity/session.h"

namespace signet::identity {

// A provider's tokens that outlive the request which brought them. They stay in the store, sealed
// under the session keys and bound to the session; no browser ever has them.
struct KeptTokens {
  KeptTokens() = default;
  std::string refresh_token;  // "" when the provider gave none
  std::string id_token;       // for signing out: Okta asks for it
  bool operator==(const KeptTokens&) const = default;
};

// The session's name in the store and in the audit log: 32 hexadecimal digits.
std::string session_name(const SessionId& id);

std::vector<std::byte> seal(const KeptTokens& tokens, const SessionId& session,
                            const config::SessionRules& rules, crypto::Random& random);
// Nothing for what seal() did not make for this session, or with keys that are gone.
std::optional<KeptTokens> open_tokens(std::span<const std::byte> sealed, const SessionId& session,
                                      const config::SessionRules& rules, crypto::Random& random);

// The session keys as sealers take them.
std::vector<std::string> key_texts(const config::SessionRules& rules);

}  // namespace signet::identity
