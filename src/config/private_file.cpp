#include "config/private_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace signet::config {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string error_text(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof buffer);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return fsync(fd) == 0;
}

// A name lasts only when its folder is on disk too. Some file systems cannot be asked for that.
bool sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  Descriptor at(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return at.is_open() && (fsync(at.get()) == 0 || errno == EINVAL);
}

std::string wrong_with(const struct stat& facts) {
  if (!S_ISREG(facts.st_mode)) return "is not a file";
  if (facts.st_uid != geteuid()) return "belongs to another user";
  if ((facts.st_mode & 077U) == 0) return {};
  return fmt::format("may be read or written by others (mode {:04o})", facts.st_mode & 07777U);
}

}  // namespace

std::expected<std::optional<std::string>, std::string> read_private_file(const std::string& path,
                                                                         std::size_t max_bytes) {
  // Not blocking: a FIFO without a writer would hold up everything.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  auto unreadable = [] {
    return std::unexpected(fmt::format("cannot be read: {}", error_text(errno)));
  };
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    if (errno == ELOOP) return std::unexpected("is a symbolic link");
    return unreadable();
  }
  struct stat facts;
  if (fstat(file.get(), &facts) != 0) return unreadable();
  if (std::string wrong = wrong_with(facts); !wrong.empty()) return std::unexpected(wrong);
  // In one piece, so that no copy of the secret stays behind where it grew.
  std::string text(max_bytes + 1, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    ssize_t got = read(file.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable();
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > max_bytes) return std::unexpected(fmt::format("is larger than {} bytes", max_bytes));
  text.resize(have);
  return text;
}

std::expected<void, std::string> create_private_file(const std::string& path,
                                                     std::string_view text) {
  auto failed = [] {
    return std::unexpected(fmt::format("cannot be created: {}", error_text(errno)));
  };
  // A link appears with all its text, and never in place of another: whoever comes second finds
  // what the first one wrote.
  std::string draft = path + ".XXXXXX";
  Descriptor file(mkostemp(draft.data(), O_CLOEXEC));
  if (!file.is_open()) return failed();
  int error = 0;
  errno = 0;
  if (!write_all(file.get(), text) || (link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST)) {
    error = errno != 0 ? errno : EIO;
  }
  unlink(draft.c_str());
  if (error == 0 && !sync_folder_of(path)) error = errno;
  errno = error;
  if (error != 0) return failed();
  return {};
}

}  // namespace signet::config
