#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/random.h"

// The code that a device shows and a person types (RFC 8628 §6.1): eight of twenty consonants,
// which spell no word, 35 bits. Kept as eight letters, shown as "WDJB-MJHT".
namespace signet::portal_api {

inline constexpr std::size_t kUserCodeLetters = 8;

std::string new_user_code(crypto::Random& random);
// The code that was typed: in any case, with dashes and spaces anywhere. Nothing: it is none.
std::optional<std::string> user_code_from(std::string_view typed);
// As people see it. `code` is one of the two above.
std::string shown(std::string_view code);

}  // namespace signet::portal_api
