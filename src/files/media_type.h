#pragma once

#include <string_view>

namespace signet::files {

// The media type for a file's name, by its extension in any case; "application/octet-stream" for
// one that is not known. Texts are UTF-8. Valid for ever.
std::string_view media_type(std::string_view file_name);

}  // namespace signet::files
