#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signet::identity {

inline constexpr std::size_t kMaxReturnPathBytes = 2048;

// Where somebody may be sent after sign-in: `text` itself when it is a path of this origin and
// nothing else (RFC 3986 §4.2 path-absolute, with query and fragment), whoever reads it and however
// often it is decoded; otherwise nothing. That is: one "/" and then neither "/" nor "\", bytes
// 0x21-0x7E without "\", no control character however encoded; in the path no ".", ".." or empty
// segment, no ";", no encoded "/" or "\", in any depth of encoding; and not below /signet, where
// sign-in would lead back to sign-in.
std::optional<std::string> safe_return_path(std::string_view text);

}  // namespace signet::identity
