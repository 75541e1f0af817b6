#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include <sys/uio.h>

#include "http/body.h"
#include "http/chunked.h"
#include "runtime/buffer.h"
#include "runtime/clock.h"
#include "runtime/stream.h"
#include "runtime/task.h"

namespace signet::origin {

// The way of one request's bytes to the origin: the head, and the body piece by piece, at most one
// of 64 KiB in memory.
class Upload {
 public:
  // `body` null: there is none. Without `length` it goes out chunked.
  Upload(http::ByteSource* body, std::optional<std::uint64_t> length)
      : body_(body), left_(length), chunked_(!length) {}

  enum class End : std::uint8_t {
    done,
    body_failed,  // the source's fault: body_error() says why
    broken,       // the connection ended
    stalled       // the origin takes nothing any more
  };

  bool has_body() const { return body_ != nullptr; }
  http::BodyError body_error() const { return body_error_; }

  // Asks for the first piece. Only with a body, once, before begin().
  runtime::Task<std::expected<void, http::BodyError>> read_first();
  // Puts the head and the first piece in front of the connection. For a retry it may be called
  // again, with a body only if nothing was taken(). The head must stay valid until head_gone().
  void begin(std::string_view head);
  // Hands to the connection what it takes now: true when all that was put is gone.
  std::expected<bool, runtime::IoError> flush(runtime::Stream& stream);

  // At least one byte was handed over since begin().
  bool taken() const { return taken_; }
  bool head_gone() const { return begun_ > 0; }
  // Everything, the body's end included, was handed over.
  bool finished() const { return begun_ == count_ && ended_; }

  // Sends the rest of the body. `stall` bounds the time in which the origin takes nothing.
  runtime::Task<End> run(runtime::Stream& stream, runtime::Duration stall);

 private:
  bool accept(runtime::Buffer piece);
  void put(std::string_view text);
  void put_piece();

  http::ByteSource* body_;
  std::optional<std::uint64_t> left_;  // of the body, not yet read
  bool chunked_;
  bool ended_ = false;  // the body's end stands in parts_ or is gone
  bool taken_ = false;
  http::BodyError body_error_ = http::BodyError::gone;
  runtime::Buffer piece_;
  http::ChunkPrefix prefix_{0};
  std::array<iovec, 5> parts_{};
  std::size_t begun_ = 0;  // parts before this one are gone
  std::size_t count_ = 0;
};

}  // namespace signet::origin
