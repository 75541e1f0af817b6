#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace signet::gateway {

// The file operations of the spool, so that tests can make them fail. Called on helper threads,
// from several at once; each may block. Errors are errno values.
class SpoolFiles {
 public:
  virtual ~SpoolFiles() = default;
  // A new file in `directory` that has no name and that only this user could open (0600).
  virtual std::expected<int, int> create(const std::string& directory) = 0;
  // Writes all of `bytes`.
  virtual std::expected<void, int> write_at(int fd, std::uint64_t offset,
                                            std::string_view bytes) = 0;
  // Fills `into` unless the file ends before; how much.
  virtual std::expected<std::size_t, int> read_at(int fd, std::uint64_t offset,
                                                  std::span<char> into) = 0;
  virtual void close(int fd) = 0;
};

// The real ones: O_TMPFILE, or create_named() where the file system has none.
class SystemSpoolFiles final : public SpoolFiles {
 public:
  std::expected<int, int> create(const std::string& directory) override;
  std::expected<void, int> write_at(int fd, std::uint64_t offset, std::string_view bytes) override;
  std::expected<std::size_t, int> read_at(int fd, std::uint64_t offset,
                                          std::span<char> into) override;
  void close(int fd) override;

  // mkostemp(3), and the name taken away at once.
  static std::expected<int, int> create_named(const std::string& directory);
};

}  // namespace signet::gateway
