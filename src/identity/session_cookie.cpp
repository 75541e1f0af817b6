#include "identity/session_cookie.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/hex.h"
#include "crypto/secret.h"
#include "http/cookies.h"

namespace signet::identity {

namespace {

constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kPrefixBytes = kKeyIdBytes + crypto::kAeadNonceBytes;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Keys for different ends from one secret: what one is seen to do says nothing of the others
// (NIST SP 800-108 in its simplest form, one block of HMAC each).
crypto::Digest derived(std::string_view secret, std::string_view end) {
  return crypto::HmacSha256(secret).of(end);
}

bool is_ours(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string part_name(const CookieNames& names, std::size_t part) {
  return part == 0 ? names.session : fmt::format("{}-{}", names.session, part);
}

}  // namespace

SessionSealer::Key::Key(std::string_view secret)
    : aead(derived(secret, "signet session seal 1")),
      csrf(std::span<const std::byte>(derived(secret, "signet csrf 1"))) {
  const crypto::Digest name = derived(secret, "signet session key id 1");
  std::memcpy(id.data(), name.data(), id.size());
}

SessionSealer::SessionSealer(std::span<const std::string> keys, std::string_view binding,
                             crypto::Random& random)
    : associated_(fmt::format("signet session 1\n{}", binding)), random_(random) {
  for (const std::string& secret : keys)
    keys_.emplace_back(secret);
}

std::string SessionSealer::seal(const Session& session) {
  Key& key = keys_.front();
  crypto::AeadNonce nonce;
  random_.fill(nonce);
  std::string bytes(key.id.data(), key.id.size());
  bytes += text_of(nonce);
  bytes += key.aead.seal(nonce, associated_, encode(session));
  return crypto::base64url(bytes);
}

std::optional<Session> SessionSealer::open(std::string_view text) {
  if (text.size() > kMostCookieParts * kCookiePartBytes) return std::nullopt;
  const auto bytes = crypto::from_base64url(text);
  if (!bytes || bytes->size() < kPrefixBytes) return std::nullopt;
  const std::string_view id = std::string_view(*bytes).substr(0, kKeyIdBytes);
  crypto::AeadNonce nonce;
  std::memcpy(nonce.data(), bytes->data() + kKeyIdBytes, nonce.size());
  for (Key& key : keys_) {
    if (id != std::string_view(key.id.data(), key.id.size())) continue;
    const auto plain =
        key.aead.open(nonce, associated_, std::string_view(*bytes).substr(kPrefixBytes));
    if (plain) return decode(*plain);
  }
  return std::nullopt;
}

std::string SessionSealer::csrf_token(const SessionId& id) const {
  return std::string(crypto::view(crypto::hex(keys_.front().csrf.of(text_of(id)))));
}

bool SessionSealer::is_csrf_token(const SessionId& id, std::string_view token) const {
  bool found = false;
  for (const Key& key : keys_) {
    const crypto::HexDigest expected = crypto::hex(key.csrf.of(text_of(id)));
    found |= crypto::equal_constant_time(crypto::view(expected), token);
  }
  return found;
}

CookieNames::CookieNames(bool https) : secure(https) {
  const std::string_view prefix = https ? "__Host-" : "";
  session = fmt::format("{}signet", prefix);
  csrf = fmt::format("{}signet-csrf", prefix);
  attempt = fmt::format("{}signet-attempt-", prefix);
}

std::vector<std::string> split_for_cookies(std::string_view sealed) {
  std::vector<std::string> parts;
  if (sealed.size() <= kCookiePartBytes) {
    parts.emplace_back(sealed);
    return parts;
  }
  const std::size_t count = (sealed.size() + kCookiePartBytes - 1) / kCookiePartBytes;
  if (count > kMostCookieParts) return parts;
  for (std::size_t at = 0; at < sealed.size(); at += kCookiePartBytes)
    parts.emplace_back(sealed.substr(at, kCookiePartBytes));
  parts.front().insert(0, fmt::format("{}.", count));
  return parts;
}

std::expected<std::string, CookieProblem> collect_session(const http::Fields& fields,
                                                          const CookieNames& names) {
  std::array<http::CookieCount, kMostCookieParts> parts;
  std::size_t present = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = http::find_cookie(fields, part_name(names, i));
    if (parts[i].count > 1) return std::unexpected(CookieProblem::repeated);
    present += parts[i].count;
  }
  if (present == 0) return std::string();
  if (parts[0].count == 0) return std::unexpected(CookieProblem::gap);
  std::string_view first = parts[0].first;
  std::size_t wanted = 1;
  if (first.size() > 2 && first[1] == '.') {
    wanted = static_cast<std::size_t>(first[0] - '0');
    if (wanted < 2 || wanted > kMostCookieParts) return std::unexpected(CookieProblem::malformed);
    first.remove_prefix(2);
  }
  std::string sealed(first);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if ((parts[i].count == 1) != (i < wanted)) return std::unexpected(CookieProblem::gap);
    sealed += parts[i].first;
  }
  if (!is_ours(sealed)) return std::unexpected(CookieProblem::malformed);
  return sealed;
}

}  // namespace signet::identity
