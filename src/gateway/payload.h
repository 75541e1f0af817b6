#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/hex.h"
#include "gateway/spool.h"
#include "http/body.h"
#include "runtime/buffer.h"
#include "runtime/lane.h"

namespace signet::gateway {

// Why a body could not be collected.
struct PayloadError {
  enum class Kind : std::uint8_t {
    body,         // reading it failed, as `body` says
    spool_full,   // spool.bytes, the disk, or the queue to it: 503 overloaded
    spool_failed  // any other error of the disk
  };
  Kind kind = Kind::body;
  http::BodyError body = http::BodyError::gone;  // of Kind::body only
  std::string detail;                            // for the operator's log; empty for Kind::body
};

// The body of a request that must be hashed before it is sent: taken in whole, hashed while it
// arrives, kept in memory up to 128 KiB and in the spool beyond, then read once from its start.
// Never holds more than 256 KiB in memory. One of it lives in its exchange; destroying it, or the
// task of collect() or read(), is safe at any time on its loop.
class Payload final : public http::ByteSource {
 public:
  static constexpr std::size_t kPieceBytes = 64 * 1024;
  static constexpr std::size_t kMemoryBytes = 128 * 1024;
  static constexpr std::size_t kHeldBytes = 256 * 1024;

  explicit Payload(Spooler& spooler) : spooler_(spooler) {}

  // Once, before anything else. Reading, hashing and writing to the disk overlap; at most 64 KiB
  // are hashed per turn of the loop. `body` must stay until the task ends. After an error the
  // payload is good for nothing but destruction.
  runtime::Task<std::expected<void, PayloadError>> collect(http::ByteSource& body);

  // What collect() found; hexadecimal, lower-case. Valid as long as the payload.
  std::string_view sha256_hex() const { return crypto::view(sha256_); }
  std::optional<std::uint64_t> length() const override { return length_; }
  bool on_disk() const { return spooling_; }
  // The errno behind a read() that gave BodyError::gone; 0: it never failed.
  int disk_error() const { return disk_error_; }
  // Memory held now, the piece that is being written or read included.
  std::size_t bytes_held() const { return pieces_bytes() + in_flight_bytes_ + current_capacity(); }

  // One piece ahead is read from the disk. BodyError::gone: the disk failed.
  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t max) override;
  void stop() override;

 private:
  using Collected = std::expected<void, PayloadError>;
  using Piece = std::expected<runtime::Buffer, http::BodyError>;
  static constexpr std::size_t kMaxPieces = 6;
  class WriteJob;
  class ReadJob;

  runtime::Task<Collected> collect_rest(http::ByteSource& body, runtime::Buffer first);
  runtime::Task<Collected> write_pieces();
  runtime::Task<Collected> finish_writing();
  runtime::Task<Collected> land_write();
  runtime::Task<Piece> next_from_disk();
  void add(runtime::Buffer piece);
  bool pieces_must_go() const;
  void begin_read();
  std::size_t pieces_bytes() const;  // of memory, not of content
  std::size_t current_capacity() const { return current_ ? current_.capacity() : 0; }

  Spooler& spooler_;
  crypto::HexDigest sha256_{};
  std::uint64_t length_ = 0;
  std::array<runtime::Buffer, kMaxPieces> pieces_;
  std::size_t count_ = 0;    // of pieces_
  std::size_t next_ = 0;     // of pieces_, to be handed out
  std::size_t content_ = 0;  // bytes in pieces_ while collecting
  runtime::Buffer current_;  // partly handed out
  bool spooling_ = false;
  bool stopped_ = false;
  int disk_error_ = 0;
  std::uint64_t disk_offset_ = 0;  // up to where the disk was asked
  std::uint64_t disk_taken_ = 0;   // and up to where it answered
  std::size_t in_flight_bytes_ = 0;
  std::unique_ptr<SpoolFile> file_;  // null while a job has it
  std::optional<runtime::JobAwaiter> job_;
};

}  // namespace signet::gateway
