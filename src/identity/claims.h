#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/json.h"

namespace signet::identity {

// What is wrong with claims. The names of to_string() are metric labels.
enum class ClaimsError : std::uint8_t {
  malformed,         // not a JSON object within bounds
  duplicate_member,  // at any depth
  wrong_type,        // a claim that is there, but not as it should be
  bad_time,          // exp, nbf or iat is no number of seconds from 0 to 2^53
  no_expiry,         // without exp
  expired,
  not_yet_valid,
  issued_in_future,
  wrong_issuer,
  wrong_audience,
  wrong_party  // azp names another client, or is needed and absent
};

// Lower case with underscores, e.g. "wrong_audience".
std::string_view to_string(ClaimsError error);
// One sentence for the operator. Repeats nothing of the token.
std::string_view describe(ClaimsError error);

// Who must have issued a token, and for whom (OpenID Connect Core §3.1.3.7).
struct ClaimsRules {
  std::string_view issuer;
  std::span<const std::string> audiences;  // one of them must be in `aud`
  // Of an ID token: our name at the issuer. `azp` must be it when it is there, and must be there
  // when there are several audiences. Empty for other tokens: `azp` is who fetched them, anybody.
  std::string_view client_id;
};

// The claims of a token (RFC 7519 §4). Only to be believed once the signature is verified.
class Claims {
 public:
  // Reads a payload: a JSON object, no member twice at any depth, bounded.
  static std::expected<Claims, ClaimsError> parse(std::string_view payload);
  // For claims that came elsewhere, e.g. in a load balancer's JWS header.
  explicit Claims(JsonObject object) : object_(std::move(object)) {}

  // The claim at `path`, or null. A member whose whole name is the path comes first
  // ("cognito:groups", "https://example.com/groups"); else the path up to its first dot names an
  // object in which the rest is looked up the same way ("realm_access.roles"). Results of this and
  // the next four are valid as long as the claims are neither changed nor moved from.
  const JsonValue* find(std::string_view path) const;

  // Absent claims are nothing, or no strings; those of another type, null too, are wrong_type.
  std::expected<std::optional<std::string_view>, ClaimsError> text(std::string_view path) const;
  // A single string is a list of one.
  std::expected<std::vector<std::string_view>, ClaimsError> texts(std::string_view path) const;
  // "true" and "false" as strings count too: Cognito and others send email_verified so.
  std::expected<std::optional<bool>, ClaimsError> boolean(std::string_view path) const;
  // Seconds since 1970, a fraction cut off. Otherwise bad_time.
  std::expected<std::optional<std::int64_t>, ClaimsError> time(std::string_view path) const;

  // Whether `now` (Unix seconds) lies within exp and nbf, and not before iat, with `skew` seconds
  // of leeway on every side. exp must be there (RFC 7519 §4.1.4-4.1.6).
  std::expected<void, ClaimsError> check_times(std::int64_t now, std::int64_t skew) const;

  // Whether the token is from and for whom it should be. Names are compared byte by byte.
  std::expected<void, ClaimsError> check(const ClaimsRules& rules) const;

 private:
  JsonObject object_;
};

}  // namespace signet::identity
