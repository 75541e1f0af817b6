#pragma once

#include <array>
#include <string>
#include <string_view>

namespace signet::signing {

// Which bytes may stand as they are.
using KeptBytes = std::array<bool, 256>;

// RFC 3986 §2.3 unreserved, and the slash, which separates segments.
extern const KeptBytes kUnreservedAndSlash;
// Everything that may stand in a request line: 0x21–0x7E.
extern const KeptBytes kVisibleAscii;

// Appends `text` to `to`; every byte that is not kept becomes "%" and two upper-case hexadecimal
// digits (RFC 3986 §2.1).
void append_percent_encoded(std::string& to, std::string_view text, const KeptBytes& kept);

}  // namespace signet::signing
