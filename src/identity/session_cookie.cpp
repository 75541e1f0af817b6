#include "identity/session_cookie.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "crypto/hex.h"
#include "crypto/secret.h"
#include "http/cookies.h"

namespace signet::identity {

namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Looks at every byte whatever the first ones are, so that many are compared at once.
bool is_base64url(std::string_view value) {
  bool all = true;
  for (const char c : value) {
    all &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  }
  return all;
}

// Which part of a session a cookie of this name is: "signet", "signet-1" …; nothing for others.
std::optional<std::size_t> part_of(std::string_view name, const CookieNames& names) {
  if (!name.starts_with(names.session)) return std::nullopt;
  name.remove_prefix(names.session.size());
  if (name.empty()) return 0;
  if (name.size() != 2 || name[0] != '-' || name[1] < '1') return std::nullopt;
  const auto part = static_cast<std::size_t>(name[1] - '0');
  return part < kMostCookieParts ? std::optional(part) : std::nullopt;
}

}  // namespace

SessionSealer::SessionSealer(std::span<const std::string> keys, std::string_view binding,
                             crypto::Random& random)
    : sealer_(keys, "session", binding, random) {
  for (const std::string& secret : keys)
    csrf_.emplace_back(std::span<const std::byte>(derived_key(secret, "signet csrf 1")));
}

std::string SessionSealer::seal(const Session& session) {
  return sealer_.seal(encode(session));
}

std::optional<Session> SessionSealer::open(std::string_view text) {
  if (text.size() > kMostCookieParts * kCookiePartBytes) return std::nullopt;
  const auto plain = sealer_.open(text);
  return plain ? decode(*plain) : std::nullopt;
}

std::string SessionSealer::csrf_token(const SessionId& id) const {
  return std::string(crypto::view(crypto::hex(csrf_.front().of(text_of(id)))));
}

bool SessionSealer::is_csrf_token(const SessionId& id, std::string_view token) const {
  bool found = false;
  for (const crypto::HmacSha256& key : csrf_) {
    const crypto::HexDigest expected = crypto::hex(key.of(text_of(id)));
    found |= crypto::equal_constant_time(crypto::view(expected), token);
  }
  return found;
}

CookieNames::CookieNames(bool https) : secure(https) {
  const std::string_view prefix = https ? "__Host-" : "";
  session = fmt::format("{}signet", prefix);
  // MLflow's UI copies a cookie of this form into the header that the rest of its name says
  // (reference: mlflow-http §2), which leaves no room for "__Host-": whoever plants another value
  // breaks requests, but makes none valid.
  csrf = "mlflow-request-header-X-Signet-Csrf";
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

std::expected<std::string_view, CookieProblem> collect_session(const http::Fields& fields,
                                                               const CookieNames& names,
                                                               std::string& joined) {
  std::array<http::CookieCount, kMostCookieParts> parts;
  std::size_t present = 0;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::cookie) continue;
    std::string_view rest = field.value;
    for (http::Cookie cookie; http::next_cookie(rest, cookie);) {
      const auto part = part_of(cookie.name, names);
      if (!part) continue;
      if (parts[*part].count++ > 0) return std::unexpected(CookieProblem::repeated);
      parts[*part].first = cookie.value;
      ++present;
    }
  }
  if (present == 0) return std::string_view();
  if (parts[0].count == 0) return std::unexpected(CookieProblem::gap);
  std::string_view first = parts[0].first;
  std::size_t wanted = 1;
  if (first.size() > 2 && first[1] == '.') {
    wanted = static_cast<std::size_t>(first[0] - '0');
    if (wanted < 2 || wanted > kMostCookieParts) return std::unexpected(CookieProblem::malformed);
    first.remove_prefix(2);
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if ((parts[i].count == 1) != (i < wanted)) return std::unexpected(CookieProblem::gap);
  }
  std::string_view sealed = first;
  if (wanted > 1) {
    joined = first;
    for (std::size_t i = 1; i < wanted; ++i)
      joined += parts[i].first;
    sealed = joined;
  }
  if (!is_base64url(sealed)) return std::unexpected(CookieProblem::malformed);
  return sealed;
}

}  // namespace signet::identity
