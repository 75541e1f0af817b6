#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::state {

// Names as one text, whatever characters they have: "5:hello,3:abc,".
std::string to_text(const std::vector<std::string>& names);

// The names again; nothing when the text is not such a list.
std::optional<std::vector<std::string>> names_from(std::string_view text);

}  // namespace signet::state
