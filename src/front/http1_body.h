#pragma once

#include <cstdint>
#include <optional>

#include "front/connection_input.h"
#include "front/settings.h"
#include "http/body.h"
#include "http/chunked.h"

namespace signet::front {

// The body of one HTTP/1 request: its framing undone, limits and deadlines kept.
class Http1Body final : public http::ByteSource {
 public:
  // `wants_continue`: the client waits for "100 Continue" before it sends the body; it gets one
  // when the body is first asked for.
  Http1Body(ConnectionInput& input, const http::BodyFraming& framing, bool wants_continue,
            const Settings& settings, Stats& stats);

  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t max) override;
  std::optional<std::uint64_t> length() const override;
  void stop() override { stopped_ = true; }

  // Nothing of it is left on the connection.
  bool finished() const { return finished_; }
  // Finishes without waiting if the whole rest has already arrived; whether it did.
  bool finish_with_what_arrived();
  // The framing broke or the peer ended: nothing after it can be read.
  bool failed() const { return failed_; }
  std::uint64_t bytes_received() const override { return received_; }

 private:
  using Piece = std::expected<runtime::Buffer, http::BodyError>;

  runtime::Task<Piece> receive(std::size_t max);
  runtime::Task<Piece> read_chunked(std::size_t max);
  Piece undo_chunks(runtime::Buffer raw);
  Piece fail(http::BodyError error);
  runtime::Task<std::expected<void, http::BodyError>> send_continue();

  ConnectionInput& input_;
  const Settings& settings_;
  Stats& stats_;
  http::BodyFraming framing_;
  std::uint64_t left_ = 0;  // of a length-framed body
  std::uint64_t received_ = 0;
  http::ChunkedDecoder chunks_;
  bool continue_wanted_;
  bool finished_ = false;
  bool failed_ = false;
  bool stopped_ = false;
};

}  // namespace signet::front
