#include "front/http1_body.h"

#include <algorithm>
#include <cstring>

namespace signet::front {

using http::BodyError;
using runtime::Buffer;
using runtime::IoError;

Http1Body::Http1Body(ConnectionInput& input, const http::BodyFraming& framing, bool wants_continue,
                     const Settings& settings, Stats& stats)
    : input_(input),
      settings_(settings),
      stats_(stats),
      framing_(framing),
      left_(framing.kind == http::BodyFraming::Kind::length ? framing.length : 0),
      chunks_({.body_bytes = settings.body_bytes}),
      continue_wanted_(wants_continue),
      finished_(!framing.has_body()) {}

std::optional<std::uint64_t> Http1Body::length() const {
  if (framing_.kind == http::BodyFraming::Kind::chunked) return std::nullopt;
  return framing_.kind == http::BodyFraming::Kind::length ? framing_.length : 0;
}

Http1Body::Piece Http1Body::fail(BodyError error) {
  failed_ = true;
  if (error == BodyError::stalled) Stats::add(stats_.closed_slow_body);
  return std::unexpected(error);
}

runtime::Task<std::expected<void, BodyError>> Http1Body::send_continue() {
  continue_wanted_ = false;
  // A client that did not wait needs no answer.
  if (input_.has_rest()) co_return std::expected<void, BodyError>();
  auto sent = co_await runtime::write_all(input_.stream(), "HTTP/1.1 100 Continue\r\n\r\n",
                                          settings_.send_stall_timeout);
  if (!sent) co_return std::unexpected(BodyError::gone);
  co_return std::expected<void, BodyError>();
}

runtime::Task<Http1Body::Piece> Http1Body::read(std::size_t max) {
  if (finished_ || stopped_) co_return Buffer();
  if (continue_wanted_) {
    auto sent = co_await send_continue();
    if (!sent) co_return fail(sent.error());
  }
  if (framing_.kind == http::BodyFraming::Kind::chunked) co_return co_await read_chunked(max);
  auto piece = co_await receive(static_cast<std::size_t>(std::min<std::uint64_t>(max, left_)));
  if (!piece) co_return std::move(piece);
  left_ -= piece->size();
  received_ += piece->size();
  finished_ = left_ == 0;
  co_return std::move(piece);
}

// At least one byte of the connection, at most `max`.
runtime::Task<Http1Body::Piece> Http1Body::receive(std::size_t max) {
  Buffer piece = input_.take_rest(max);
  if (piece) co_return std::move(piece);
  runtime::Stream& stream = input_.stream();
  bool must_wait = !input_.has_rest() && stream.read_would_wait();
  while (true) {
    // Wait first, take a block then: a waiting body holds no memory.
    if (must_wait) {
      runtime::Time deadline = runtime::after(stream.loop().now(), settings_.body_stall_timeout);
      if (co_await stream.wait_readable(deadline) == runtime::Wake::timed_out) {
        co_return fail(BodyError::stalled);
      }
    }
    if (!piece) piece = Buffer(stream.loop().blocks(), runtime::BlockPool::size_for(max));
    auto got = input_.try_read(piece.room().first(std::min(max, piece.capacity())));
    if (got && *got > 0) {
      piece.commit(*got);
      co_return std::move(piece);
    }
    if (got || got.error() != IoError::would_block) co_return fail(BodyError::gone);
    must_wait = true;
  }
}

// Moves the payload of `raw` to its front; keeps what follows the body for the next request.
Http1Body::Piece Http1Body::undo_chunks(Buffer raw) {
  std::string_view input = raw.view();
  std::size_t payload = 0;
  while (!input.empty()) {
    auto step = chunks_.next(input);
    if (!step) {
      bool large = step.error() == http::ChunkError::body_too_large;
      return fail(large ? BodyError::too_large : BodyError::malformed);
    }
    input.remove_prefix(step->consumed);
    if (!step->payload.empty()) {
      std::memmove(raw.data() + payload, step->payload.data(), step->payload.size());
      payload += step->payload.size();
    }
    if (step->finished) {
      finished_ = true;
      if (!input.empty()) {
        input_.keep_rest(Buffer::copy_of(input_.stream().loop().blocks(), input));
      }
      break;
    }
  }
  raw.truncate(payload);
  received_ += payload;
  return raw;
}

runtime::Task<Http1Body::Piece> Http1Body::read_chunked(std::size_t max) {
  while (!finished_) {
    auto raw = co_await receive(max);
    if (!raw) co_return std::move(raw);
    auto piece = undo_chunks(std::move(*raw));
    if (!piece || !piece->empty()) co_return std::move(piece);
  }
  co_return Buffer();
}

bool Http1Body::finish_with_what_arrived() {
  if (finished_) return true;
  if (failed_ || framing_.kind != http::BodyFraming::Kind::length) return false;
  if (input_.rest_size() < left_) return false;
  input_.drop_rest(static_cast<std::size_t>(left_));
  left_ = 0;
  finished_ = true;
  return true;
}

}  // namespace signet::front
