#include "origin/upload.h"

#include <utility>

namespace signet::origin {

namespace {
constexpr std::size_t kPiece = 64 * 1024;
}

runtime::Task<std::expected<void, http::BodyError>> Upload::read_first() {
  auto piece = co_await body_->read(kPiece);
  if (!piece) co_return std::unexpected(piece.error());
  if (!accept(std::move(*piece))) co_return std::unexpected(body_error_);
  co_return std::expected<void, http::BodyError>();
}

// Whether the piece fits what was promised in Content-Length.
bool Upload::accept(runtime::Buffer piece) {
  if (left_) {
    const bool ended_early = piece.empty() && *left_ > 0;
    if (ended_early || piece.size() > *left_) {
      body_error_ = ended_early ? http::BodyError::gone : http::BodyError::malformed;
      return false;
    }
    *left_ -= piece.size();
  }
  piece_ = std::move(piece);
  return true;
}

void Upload::begin(std::string_view head) {
  begun_ = count_ = 0;
  taken_ = false;
  ended_ = body_ == nullptr;
  put(head);
  if (body_ != nullptr) put_piece();
}

void Upload::put(std::string_view text) {
  parts_[count_++] = {const_cast<char*>(text.data()), text.size()};
}

void Upload::put_piece() {
  if (!chunked_) {
    if (!piece_.empty()) put(piece_.view());
    ended_ = *left_ == 0;
    return;
  }
  if (piece_.empty()) {
    put(http::kLastChunk);
    ended_ = true;
    return;
  }
  prefix_ = http::ChunkPrefix(piece_.size());
  put(prefix_.view());
  put(piece_.view());
  put(http::kChunkEnd);
}

std::expected<bool, runtime::IoError> Upload::flush(runtime::Stream& stream) {
  while (begun_ < count_) {
    auto wrote = stream.try_write({parts_.data() + begun_, count_ - begun_});
    if (!wrote) {
      if (wrote.error() == runtime::IoError::would_block) return false;
      return std::unexpected(wrote.error());
    }
    taken_ = true;
    std::size_t gone = *wrote;
    while (begun_ < count_ && gone >= parts_[begun_].iov_len) {
      gone -= parts_[begun_].iov_len;
      ++begun_;
    }
    if (gone > 0) {
      parts_[begun_].iov_base = static_cast<char*>(parts_[begun_].iov_base) + gone;
      parts_[begun_].iov_len -= gone;
    }
  }
  return true;
}

runtime::Task<Upload::End> Upload::run(runtime::Stream& stream, runtime::Duration stall) {
  runtime::EventLoop& loop = stream.loop();
  while (true) {
    auto flushed = flush(stream);
    if (!flushed) co_return End::broken;
    if (!*flushed) {
      if (co_await stream.wait_writable(runtime::after(loop.now(), stall)) ==
          runtime::Wake::timed_out) {
        co_return End::stalled;
      }
      continue;
    }
    if (ended_) co_return End::done;
    piece_ = {};
    auto piece = co_await body_->read(kPiece);
    if (!piece) {
      body_error_ = piece.error();
      co_return End::body_failed;
    }
    if (!accept(std::move(*piece))) co_return End::body_failed;
    begun_ = count_ = 0;
    put_piece();
  }
}

}  // namespace signet::origin
