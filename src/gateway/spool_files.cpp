#include "gateway/spool_files.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace signet::gateway {

namespace {

bool has_no_unnamed_files(int error) {
  // EISDIR is what kernels and file systems say that do not know O_TMPFILE.
  return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

}  // namespace

std::expected<int, int> SystemSpoolFiles::create(const std::string& directory) {
  // O_EXCL: the file can never be given a name.
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  if (!has_no_unnamed_files(errno)) return std::unexpected(errno);
  return create_named(directory);
}

std::expected<int, int> SystemSpoolFiles::create_named(const std::string& directory) {
  std::string path = directory + "/body-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  if (unlink(path.c_str()) != 0) {
    const int error = errno;
    ::close(fd);
    return std::unexpected(error);
  }
  return fd;
}

std::expected<void, int> SystemSpoolFiles::write_at(int fd, std::uint64_t offset,
                                                    std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return std::unexpected(wrote == 0 ? EIO : errno);
    offset += static_cast<std::uint64_t>(wrote);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

std::expected<std::size_t, int> SystemSpoolFiles::read_at(int fd, std::uint64_t offset,
                                                          std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void SystemSpoolFiles::close(int fd) {
  ::close(fd);
}

}  // namespace signet::gateway
