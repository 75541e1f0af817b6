#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signet::crypto {

// RFC 4648 §4: with `+`, `/` and padding.
std::string base64(std::string_view bytes);
// RFC 4648 §5 as JWS uses it: with `-`, `_` and no padding.
std::string base64url(std::string_view bytes);

// The inverses. Strict, so that every text has one spelling only: nothing for a foreign character,
// white space, a wrong length, wrong padding, or unused bits that are not zero. from_base64url
// refuses padding.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace signet::crypto
