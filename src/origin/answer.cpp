#include "origin/answer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/parse_error.h"

namespace signet::origin {

namespace {
constexpr std::size_t kLargestPiece = 64 * 1024;
constexpr std::size_t kWorthAnotherRead = 4096;
constexpr unsigned kInterimAnswers = 8;
}  // namespace

Answer::Answer(runtime::EventLoop& loop, const Settings& settings, Stats& stats, http::Method asked)
    : loop_(loop),
      settings_(settings),
      stats_(stats),
      asked_(asked),
      arena_(loop.blocks()),
      block_(arena_) {}

void Answer::reset() {
  parser_.reset();
  block_.release();
  arena_.reset();
  interim_ = 0;
  begun_ = false;
}

Answer::Step Answer::refuse(std::string_view why) {
  refusal_ = why;
  return Step::refused;
}

Answer::Step Answer::read_head(runtime::Stream& stream) {
  if (!parser_) {
    block_.clear();
    parser_.emplace(arena_, settings_.head_limits, asked_);
  }
  while (true) {
    if (block_.room().empty()) block_.compact();
    if (block_.room().empty()) {
      const std::size_t most = settings_.head_limits.max_head_bytes();
      if (block_.capacity() >= most) return refuse(describe(http::ParseError::fields_too_large));
      block_.reserve(std::min(block_.capacity() * 4, most));
    }
    auto got = stream.try_read(block_.room());
    if (!got && got.error() == runtime::IoError::would_block) return Step::wait;
    if (!got && got.error() == runtime::IoError::tls && !stream.watch().peer_finished) {
      return refuse("the origin broke TLS");
    }
    if (!got || *got == 0) return Step::ended;
    begun_ = true;
    block_.commit(*got);
    const Step step = parse();
    if (step != Step::wait) return step;
  }
}

Answer::Step Answer::parse() {
  while (block_.size() > 0) {
    const auto progress = parser_->parse(block_.data(), block_.size());
    if (!progress) return refuse(describe(progress.error()));
    if (!progress->complete) return Step::wait;
    block_.consume(progress->head_length);
    if (!parser_->head().interim()) return Step::complete;
    if (++interim_ > kInterimAnswers) return refuse("more than 8 interim answers");
    parser_.emplace(arena_, settings_.head_limits, asked_);
  }
  return Step::wait;
}

void Answer::begin_body(Lease lease, bool whole) {
  lease_ = std::move(lease);
  whole_ = whole;
  const http::BodyFraming& framing = head().body;
  kind_ = framing.kind;
  left_ = framing.length;
  switch (kind_) {
    case Kind::none: {
      length_ = 0;
      const bool nothing_extra = block_.size() == 0;
      block_.clear();
      end_body(nothing_extra);
      break;
    }
    case Kind::length:
      length_ = framing.length;
      // All of it came with the head: the connection is free for others already.
      if (block_.size() >= left_) {
        const bool nothing_extra = block_.size() == left_;
        block_.truncate(left_);
        end_body(nothing_extra);
      }
      break;
    case Kind::chunked: decoder_.emplace(http::ChunkedDecoder::Limits{}); break;
    case Kind::until_close: break;
  }
}

runtime::Task<std::expected<runtime::Buffer, http::BodyError>> Answer::read(std::size_t max) {
  if (failed_) co_return std::unexpected(*failed_);
  const runtime::Time deadline = runtime::after(loop_.now(), settings_.timeouts.stall);
  while (block_.size() > 0 || !ended_) {
    runtime::Buffer buffer = take_from_block(max);
    if (ended_) co_return buffer;
    const auto trouble = fill(buffer, max);
    if (!buffer.empty()) {
      if (!decode(buffer)) co_return fail(http::BodyError::malformed);
      if (!buffer.empty()) co_return buffer;
      continue;
    }
    buffer = {};
    if (trouble == runtime::IoError::would_block) {
      if (co_await lease_.stream().wait_readable(deadline) == runtime::Wake::timed_out) {
        co_return fail(http::BodyError::stalled);
      }
    } else if (trouble == runtime::IoError::end_of_stream && kind_ == Kind::until_close) {
      end_body(false);
    } else {
      co_return fail(http::BodyError::gone);
    }
  }
  co_return runtime::Buffer();
}

runtime::Task<void> Answer::arrives(runtime::Time deadline) {
  while (would_wait() && loop_.now() < deadline)
    co_await lease_.stream().wait_readable(deadline);
}

// What one buffer should hold: with a byte more than is due, which would show that the origin sends
// too much.
std::size_t Answer::wanted(std::size_t max) const {
  const std::size_t most = std::min(max, kLargestPiece);
  return kind_ == Kind::length ? std::min<std::uint64_t>(most, left_ + 1) : most;
}

// Bytes that came with the head, copied once: the head's views need their block. The buffer has
// room for what waits in the stream, so that a large body does not begin with a small write.
runtime::Buffer Answer::take_from_block(std::size_t max) {
  const std::size_t part = std::min({block_.size(), max, kLargestPiece});
  if (part == 0) return {};
  const bool more = !ended_ && !lease_.stream().read_would_wait();
  runtime::Buffer piece(loop_.blocks(),
                        runtime::BlockPool::size_for(more ? std::max(part, wanted(max)) : part));
  std::memcpy(piece.data(), block_.data(), part);
  piece.commit(part);
  block_.consume(part);
  return piece;
}

// Reads until the buffer is well filled or the stream has no more for now. Nothing is allocated
// before something is there. Gives the reason why it stopped early, if any.
std::optional<runtime::IoError> Answer::fill(runtime::Buffer& buffer, std::size_t max) {
  runtime::Stream& stream = lease_.stream();
  if (block_.size() > 0) return std::nullopt;
  if (stream.read_would_wait()) return runtime::IoError::would_block;
  if (!buffer) {
    buffer = runtime::Buffer(loop_.blocks(), runtime::BlockPool::size_for(wanted(max)));
  }
  const std::size_t most = std::min(max, buffer.capacity());
  while (true) {
    const std::size_t room = most - buffer.size();
    const bool holds_the_rest = kind_ == Kind::length && room > left_ - buffer.size();
    if (!buffer.empty() && room < kWorthAnotherRead && !holds_the_rest) break;
    auto got = stream.try_read(buffer.room().first(most - buffer.size()));
    if (!got) return got.error();
    if (*got == 0) return runtime::IoError::end_of_stream;
    buffer.commit(*got);
    if (kind_ != Kind::length || buffer.size() >= left_ || stream.read_would_wait()) break;
  }
  return std::nullopt;
}

// Turns what was read into payload, in place. False when the chunked coding is broken.
bool Answer::decode(runtime::Buffer& buffer) {
  if (kind_ == Kind::until_close) return true;
  if (kind_ == Kind::length) {
    const bool nothing_extra = buffer.size() <= left_;
    if (!nothing_extra) buffer.truncate(left_);
    left_ -= buffer.size();
    if (left_ == 0) end_body(nothing_extra);
    return true;
  }
  std::string_view rest = buffer.view();
  std::size_t kept = 0;
  while (!rest.empty()) {
    const auto step = decoder_->next(rest);
    if (!step) return false;
    rest.remove_prefix(step->consumed);
    if (!step->payload.empty()) {
      if (kept == 0) {
        buffer.consume(static_cast<std::size_t>(step->payload.data() - buffer.data()));
      } else {
        std::memmove(buffer.data() + kept, step->payload.data(), step->payload.size());
      }
      kept += step->payload.size();
    }
    if (step->finished) {
      const bool nothing_extra = rest.empty() && block_.size() == 0;
      block_.clear();
      end_body(nothing_extra);
      break;
    }
  }
  buffer.truncate(kept);
  return true;
}

// Engine rule 23: the answer was read to its unambiguous end; the rest is checked here.
void Answer::end_body(bool nothing_extra) {
  ended_ = true;
  if (whole_ && nothing_extra && head().keep_alive && kind_ != Kind::until_close &&
      !lease_.stream().has_unread()) {
    lease_.give_back();
  } else {
    lease_.close();
  }
}

std::unexpected<http::BodyError> Answer::fail(http::BodyError error) {
  switch (error) {
    case http::BodyError::stalled: stats_.response_timeouts.add(); break;
    case http::BodyError::gone: stats_.resets.add(); break;
    default: stats_.bad_responses.add();
  }
  failed_ = error;
  ended_ = true;
  lease_ = {};
  return std::unexpected(error);
}

void Answer::stop() {
  block_.clear();
  if (ended_) return;
  ended_ = true;
  lease_ = {};
}

Incoming::Incoming(std::unique_ptr<Answer> answer) : answer_(std::move(answer)) {}
Incoming::Incoming(Incoming&&) noexcept = default;
Incoming& Incoming::operator=(Incoming&&) noexcept = default;
Incoming::~Incoming() = default;

int Incoming::status() const {
  return answer_->head().status;
}
http::Fields& Incoming::fields() {
  return answer_->head().fields;
}
const http::BodyFraming& Incoming::framing() const {
  return answer_->head().body;
}
http::ByteSource& Incoming::body() {
  return *answer_;
}
bool Incoming::body_would_wait() {
  return answer_->would_wait();
}
runtime::Task<void> Incoming::body_arrives(runtime::Time deadline) {
  return answer_->arrives(deadline);
}
const Timings& Incoming::timings() const {
  return answer_->timings;
}
bool Incoming::reused() const {
  return answer_->reused;
}

}  // namespace signet::origin
