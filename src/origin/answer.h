#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/body.h"
#include "http/chunked.h"
#include "http/method.h"
#include "http/response_parser.h"
#include "origin/head_block.h"
#include "origin/incoming.h"
#include "origin/pool.h"
#include "origin/settings.h"
#include "origin/stats.h"
#include "runtime/arena.h"
#include "runtime/buffer.h"
#include "runtime/event_loop.h"
#include "runtime/frame_pool.h"
#include "runtime/task.h"

namespace signet::origin {

// What stands behind an Incoming: memory, head, and the body's way from the connection. Its memory
// comes from the frame pool, since there is one per exchange.
class Answer final : public http::ByteSource {
 public:
  Answer(runtime::EventLoop& loop, const Settings& settings, Stats& stats, http::Method asked);

  static void* operator new(std::size_t bytes) { return runtime::take_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    runtime::give_frame_back(memory, bytes);
  }

  // Forgets everything of an attempt; the next one may begin.
  void reset();
  // The request's head is composed here, then the answer's head takes its place.
  HeadBlock& block() { return block_; }
  runtime::Arena& arena() { return arena_; }

  enum class Step : std::uint8_t {
    wait,      // for the stream to become readable
    complete,  // the final head is there
    ended,     // EOF or reset before that
    refused    // engine rule 25; refusal() says why
  };
  // Reads from the stream what is there, and parses it. Skips interim answers.
  Step read_head(runtime::Stream& stream);
  // At least one byte of an answer arrived.
  bool begun() const { return begun_; }
  std::string_view refusal() const { return refusal_; }

  // Takes over the connection after Step::complete. `whole`: the request was sent to its end.
  void begin_body(Lease lease, bool whole);

  http::IncomingHead& head() { return parser_->head(); }
  Timings timings;
  bool reused = false;

  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t max) override;
  std::optional<std::uint64_t> length() const override { return length_; }
  void stop() override;
  // read() would have to wait for the origin.
  bool would_wait() { return block_.size() == 0 && !ended_ && lease_.stream().read_would_wait(); }
  // Until it need not, or the deadline.
  runtime::Task<void> arrives(runtime::Time deadline);

 private:
  using Kind = http::BodyFraming::Kind;

  Step refuse(std::string_view why);
  Step parse();
  std::size_t wanted(std::size_t max) const;
  runtime::Buffer take_from_block(std::size_t max);
  std::optional<runtime::IoError> fill(runtime::Buffer& buffer, std::size_t max);
  bool decode(runtime::Buffer& buffer);
  void end_body(bool nothing_extra);
  std::unexpected<http::BodyError> fail(http::BodyError error);

  runtime::EventLoop& loop_;
  const Settings& settings_;
  Stats& stats_;
  const http::Method asked_;
  runtime::Arena arena_;
  HeadBlock block_;
  std::optional<http::ResponseParser> parser_;
  unsigned interim_ = 0;
  bool begun_ = false;
  std::string_view refusal_;

  Lease lease_;
  bool whole_ = false;
  bool ended_ = false;
  Kind kind_ = Kind::none;
  std::uint64_t left_ = 0;  // of Kind::length
  std::optional<std::uint64_t> length_;
  std::optional<http::ChunkedDecoder> decoder_;
  std::optional<http::BodyError> failed_;
};

}  // namespace signet::origin
