#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace signet::identity {

enum class AuthorizationProblem : std::uint8_t {
  repeated,    // more than one field: which counts?
  scheme,      // neither Bearer nor Basic
  malformed,   // not what the scheme demands
  no_password  // Basic without a password, where the token would be
};
// One sentence for the operator.
std::string_view describe(AuthorizationProblem problem);

// The token that a request's Authorization field carries: of Bearer (RFC 6750 §2.1) the token, of
// Basic (RFC 7617 §2) the password, whatever the user name is: JWTs and our own tokens alike.
// Nothing when there is no such field.
std::expected<std::optional<std::string>, AuthorizationProblem> presented_token(
    const http::Fields& fields);

}  // namespace signet::identity
