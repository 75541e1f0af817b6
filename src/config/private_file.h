#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// Files with a secret in them. Errors go behind the path: "is a symbolic link". All block.
namespace signet::config {

// The text of a regular file that belongs to this user and that nobody else may read or write;
// nothing when there is none. Links are not followed.
std::expected<std::optional<std::string>, std::string> read_private_file(const std::string& path,
                                                                         std::size_t max_bytes);

// Makes such a file (0600), on disk and whole, or none. One that is there stays as it is, which is
// no error.
std::expected<void, std::string> create_private_file(const std::string& path,
                                                     std::string_view text);

}  // namespace signet::config
