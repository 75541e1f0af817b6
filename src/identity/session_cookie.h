#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hmac_sha256.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "identity/sealer.h"
#include "identity/session.h"

namespace signet::identity {

// Seals sessions into cookie values and opens them. Each loop has its own: it belongs to one
// thread. The first key seals, every key opens, so that a new key logs nobody out.
class SessionSealer {
 public:
  // `keys`: secrets of at least 32 bytes, at least one. `binding` is authenticated with every
  // session, so that one gateway's cookie is worth nothing at another with the same keys: the
  // public URL's authority.
  SessionSealer(std::span<const std::string> keys, std::string_view binding,
                crypto::Random& random);

  // Text for a cookie: base64url (RFC 4648 §5).
  std::string seal(const Session& session);
  // Nothing for whatever no seal() of these keys and this binding has made.
  std::optional<Session> open(std::string_view text);

  // What a request that changes state must repeat from the CSRF cookie: an HMAC of the session's id
  // under its own key, as 64 hexadecimal digits.
  std::string csrf_token(const SessionId& id) const;
  // In constant time; also tokens of older keys.
  bool is_csrf_token(const SessionId& id, std::string_view token) const;

 private:
  Sealer sealer_;
  std::vector<crypto::HmacSha256> csrf_;
};

// What the cookies of this gateway are called: with the prefix "__Host-" except on plain HTTP,
// which only loopback has.
struct CookieNames {
  explicit CookieNames(bool https);
  // "…-1" and so on for the parts of a session too large for one cookie.
  std::string session;
  std::string csrf;
  std::string attempt;  // followed by the attempt's name
  bool secure;
};

inline constexpr std::size_t kMostCookieParts = 4;
// A browser keeps cookies up to 4 096 bytes with name and attributes.
inline constexpr std::size_t kCookiePartBytes = 3800;

// The parts of a sealed session's text, in order: cookie values. Several parts name their number in
// the first: "3.…". Empty when it is too large even so.
std::vector<std::string> split_for_cookies(std::string_view sealed);

enum class CookieProblem : std::uint8_t {
  repeated,  // two of one name: one of them is somebody else's, and nobody can tell which
  gap,       // a part is missing, or one too many
  malformed  // bytes that no cookie of ours has
};

// The sealed session that the request's cookies hold; "" when there is none. A view of the fields,
// or of `joined` when the session comes in parts.
std::expected<std::string_view, CookieProblem> collect_session(const http::Fields& fields,
                                                               const CookieNames& names,
                                                               std::string& joined);

}  // namespace signet::identity
