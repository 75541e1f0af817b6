#pragma once

#include <map>
#include <string>

#include "config/environment.h"

namespace signet::config {

// An environment that holds what a test puts into it.
class TestEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> variables{{"HOME", "/home/somebody"}};
  std::map<std::string, std::string> files;
  std::map<std::string, FolderFacts> folders;
  FolderFacts other_folders{.parent_writable = true};
  std::uint64_t open_files = 1'000'000;
  mutable std::map<std::string, std::string> private_files;
  std::map<std::string, std::string> unreadable;  // private files, and what is wrong with them
  std::string uncreatable;                        // why no private file can be made

  std::optional<std::string> variable(const std::string& name) const override {
    auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  }
  std::expected<std::string, std::string> read_file(const std::string& path,
                                                    std::size_t max_bytes) const override {
    auto found = files.find(path);
    if (found == files.end()) return std::unexpected("No such file or directory");
    if (found->second.size() > max_bytes) return std::unexpected("it is too large");
    return found->second;
  }
  FolderFacts folder(const std::string& path) const override {
    auto found = folders.find(path);
    return found == folders.end() ? other_folders : found->second;
  }
  std::expected<void, std::string> create_folder(const std::string&) const override { return {}; }
  std::expected<std::optional<std::string>, std::string> read_private_file(
      const std::string& path, std::size_t) const override {
    if (auto wrong = unreadable.find(path); wrong != unreadable.end()) {
      return std::unexpected(wrong->second);
    }
    auto found = private_files.find(path);
    if (found == private_files.end()) return std::nullopt;
    return found->second;
  }
  std::expected<void, std::string> create_private_file(const std::string& path,
                                                       std::string_view text) const override {
    if (!uncreatable.empty()) return std::unexpected(uncreatable);
    private_files.emplace(path, text);
    return {};
  }
  std::string random_bytes(std::size_t count) const override { return std::string(count, 'r'); }
  std::uint64_t max_open_files() const override { return open_files; }
};

}  // namespace signet::config
