#pragma once

#include <cstddef>
#include <expected>
#include <span>

#include "runtime/buffer.h"
#include "runtime/stream.h"

namespace signet::front {

// A connection's incoming bytes in order: first what was read beyond the last head or body, then
// the stream. Holds a buffer only while there is such a rest.
class ConnectionInput {
 public:
  explicit ConnectionInput(runtime::Stream& stream) : stream_(stream) {}

  bool has_rest() const { return !rest_.empty(); }
  std::size_t rest_size() const { return rest_.size(); }
  // Puts back what was read too far.
  void keep_rest(runtime::Buffer rest) { rest_ = std::move(rest); }
  void drop_rest(std::size_t bytes) {
    rest_.consume(bytes);
    if (rest_.empty()) rest_ = {};
  }

  // At once: up to into.size() bytes; 0 is the peer's end; would_block means wait on the stream.
  std::expected<std::size_t, runtime::IoError> try_read(std::span<char> into);
  // The rest itself, when it holds at most `max` bytes and is not empty; else an empty buffer.
  runtime::Buffer take_rest(std::size_t max) {
    if (rest_.empty() || rest_.size() > max) return {};
    return std::move(rest_);
  }

  runtime::Stream& stream() { return stream_; }

 private:
  runtime::Stream& stream_;
  runtime::Buffer rest_;
};

}  // namespace signet::front
