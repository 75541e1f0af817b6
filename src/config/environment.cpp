#include "config/environment.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/private_file.h"
#include "crypto/random.h"

namespace signet::config {

namespace {

std::string error_text(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof buffer);
}

bool lies_in_memory(const std::string& path) {
  struct statfs facts;
  if (statfs(path.c_str(), &facts) != 0) return false;
  return facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC;
}

}  // namespace

std::optional<std::string> SystemEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::expected<std::string, std::string> SystemEnvironment::read_file(const std::string& path,
                                                                     std::size_t max_bytes) const {
  // Not blocking: a FIFO without a writer would hold up everything.
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::unexpected(error_text(errno));
  struct stat facts;
  std::string text;
  std::string problem;
  if (fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) problem = "it is a directory";
  while (problem.empty()) {
    std::size_t have = text.size();
    text.resize(have + 16384);
    ssize_t got = read(fd, text.data() + have, 16384);
    text.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) problem = error_text(errno);
    if (got == 0) break;
    if (text.size() > max_bytes) problem = fmt::format("it is larger than {} bytes", max_bytes);
  }
  close(fd);
  if (!problem.empty()) return std::unexpected(std::move(problem));
  return text;
}

FolderFacts SystemEnvironment::folder(const std::string& path) const {
  FolderFacts facts;
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error);
  struct stat status;
  facts.exists = stat(at.c_str(), &status) == 0;
  if (facts.exists) {
    facts.is_folder = S_ISDIR(status.st_mode);
    facts.writable = access(at.c_str(), W_OK | X_OK) == 0;
    facts.in_memory = lies_in_memory(at);
    return facts;
  }
  while (stat(at.c_str(), &status) != 0 && at.has_relative_path())
    at = at.parent_path();
  facts.parent_writable = S_ISDIR(status.st_mode) && access(at.c_str(), W_OK | X_OK) == 0;
  facts.in_memory = lies_in_memory(at);
  return facts;
}

std::expected<void, std::string> SystemEnvironment::create_folder(const std::string& path) const {
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error);
  if (!at.has_filename()) at = at.parent_path();
  std::filesystem::create_directories(at.parent_path(), error);
  if (mkdir(at.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected(error_text(errno));
  return {};
}

std::expected<std::optional<std::string>, std::string> SystemEnvironment::read_private_file(
    const std::string& path, std::size_t max_bytes) const {
  return config::read_private_file(path, max_bytes);
}

std::expected<void, std::string> SystemEnvironment::create_private_file(
    const std::string& path, std::string_view text) const {
  return config::create_private_file(path, text);
}

std::string SystemEnvironment::random_bytes(std::size_t count) const {
  crypto::SystemRandom random;
  std::string bytes(count, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::uint64_t SystemEnvironment::max_open_files() const {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_max;
}

}  // namespace signet::config
