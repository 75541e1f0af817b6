#include "identity/authorization.h"

#include <algorithm>

#include "crypto/base64.h"
#include "http/characters.h"

namespace signet::identity {

namespace {

// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
bool is_b64token(std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return http::character::is_unreserved(c) || c == '+' || c == '/';
  });
}

}  // namespace

std::string_view describe(AuthorizationProblem problem) {
  switch (problem) {
    case AuthorizationProblem::repeated: return "there is more than one Authorization field";
    case AuthorizationProblem::scheme: return "the Authorization is neither Bearer nor Basic";
    case AuthorizationProblem::malformed: return "the Authorization is malformed";
    case AuthorizationProblem::no_password:
      return "the Basic Authorization has no password, where the token belongs";
  }
  return "";
}

std::expected<std::optional<std::string>, AuthorizationProblem> presented_token(
    const http::Fields& fields) {
  const std::size_t count = fields.count(http::FieldId::authorization);
  if (count == 0) return std::nullopt;
  if (count > 1) return std::unexpected(AuthorizationProblem::repeated);
  const std::string_view value = fields.value(http::FieldId::authorization);
  // credentials = auth-scheme [ 1*SP ( token68 / … ) ], RFC 9110 §11.4
  const std::size_t space = value.find(' ');
  const std::string_view scheme = value.substr(0, space);
  std::string_view rest = space == std::string_view::npos ? "" : value.substr(space);
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  if (http::character::equals_ignoring_case(scheme, "bearer")) {
    if (!is_b64token(rest)) return std::unexpected(AuthorizationProblem::malformed);
    return std::string(rest);
  }
  if (!http::character::equals_ignoring_case(scheme, "basic")) {
    return std::unexpected(AuthorizationProblem::scheme);
  }
  const auto pair = crypto::from_base64(rest);
  if (!pair) return std::unexpected(AuthorizationProblem::malformed);
  // user-pass = user-id ":" password; the user-id has no colon, neither has control characters.
  const std::size_t colon = pair->find(':');
  const bool has_control = std::ranges::any_of(*pair, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (colon == std::string::npos || has_control) {
    return std::unexpected(AuthorizationProblem::malformed);
  }
  const std::string_view password = std::string_view(*pair).substr(colon + 1);
  if (password.empty()) return std::unexpected(AuthorizationProblem::no_password);
  if (!is_b64token(password)) return std::unexpected(AuthorizationProblem::malformed);
  return std::string(password);
}

}  // namespace signet::identity
