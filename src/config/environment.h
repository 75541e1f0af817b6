#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signet::config {

// What is known of a folder. `parent_writable` speaks of the nearest ancestor that exists.
struct FolderFacts {
  bool exists = false;
  bool is_folder = false;
  bool writable = false;
  bool parent_writable = false;
  bool in_memory = false;  // the folder, or that ancestor, lies on a tmpfs or ramfs
};

// What configuration may ask of the machine; injected so that tests own it. Blocks.
class Environment {
 public:
  virtual ~Environment() = default;
  // An environment variable; nothing when it is unset.
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  // The whole file; the error says why not ("no such file", "larger than 1 MiB"), without the path.
  virtual std::expected<std::string, std::string> read_file(const std::string& path,
                                                            std::size_t max_bytes) const = 0;
  virtual FolderFacts folder(const std::string& path) const = 0;
  // Creates the folder, 0700, and its missing parents, 0755; the error says why not.
  virtual std::expected<void, std::string> create_folder(const std::string& path) const = 0;
  // As in private_file.h.
  virtual std::expected<std::optional<std::string>, std::string> read_private_file(
      const std::string& path, std::size_t max_bytes) const = 0;
  virtual std::expected<void, std::string> create_private_file(const std::string& path,
                                                               std::string_view text) const = 0;
  // Bytes that nobody can guess.
  virtual std::string random_bytes(std::size_t count) const = 0;
  // The hard limit of open files.
  virtual std::uint64_t max_open_files() const = 0;
};

class SystemEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override;
  std::expected<std::string, std::string> read_file(const std::string& path,
                                                    std::size_t max_bytes) const override;
  FolderFacts folder(const std::string& path) const override;
  std::expected<void, std::string> create_folder(const std::string& path) const override;
  std::expected<std::optional<std::string>, std::string> read_private_file(
      const std::string& path, std::size_t max_bytes) const override;
  std::expected<void, std::string> create_private_file(const std::string& path,
                                                       std::string_view text) const override;
  std::string random_bytes(std::size_t count) const override;
  std::uint64_t max_open_files() const override;
};

}  // namespace signet::config
