#include "identity/kept_tokens.h"

#include <cstring>
#include <string_view>

#include "crypto/hex.h"
#include "identity/packed.h"
#include "identity/sealer.h"

namespace signet::identity {

namespace {

constexpr char kVersion = 1;

Sealer sealer_for(const SessionId& session, const config::SessionRules& rules,
                  crypto::Random& random) {
  return {key_texts(rules), "tokens", session_name(session), random};
}

}  // namespace

std::string session_name(const SessionId& id) {
  return crypto::hex(std::span<const std::byte>(id));
}

std::vector<std::string> key_texts(const config::SessionRules& rules) {
  std::vector<std::string> texts;
  for (const config::Secret& key : rules.keys)
    texts.emplace_back(key.reveal());
  return texts;
}

std::vector<std::byte> seal(const KeptTokens& tokens, const SessionId& session,
                            const config::SessionRules& rules, crypto::Random& random) {
  PackedWriter out;
  out.raw({&kVersion, 1});
  out.text(tokens.refresh_token);
  out.text(tokens.id_token);
  const std::string text = sealer_for(session, rules, random).seal(out.take());
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::optional<KeptTokens> open_tokens(std::span<const std::byte> sealed, const SessionId& session,
                                      const config::SessionRules& rules, crypto::Random& random) {
  const auto plain = sealer_for(session, rules, random)
                         .open({reinterpret_cast<const char*>(sealed.data()), sealed.size()});
  if (!plain) return std::nullopt;
  PackedReader in(*plain);
  if (in.raw(1) != std::string_view(&kVersion, 1)) return std::nullopt;
  KeptTokens tokens;
  tokens.refresh_token = in.text();
  tokens.id_token = in.text();
  if (!in.ended()) return std::nullopt;
  return tokens;
}

}  // namespace signet::identity
