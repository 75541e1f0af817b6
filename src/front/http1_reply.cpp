#include "front/http1_reply.h"

#include <algorithm>
#include <array>

#include "http/chunked.h"
#include "http/writer.h"

namespace signet::front {

using http::BodyError;

std::string_view DateCache::text(const runtime::Clock& clock) {
  std::int64_t now = clock.unix_seconds();
  if (now != second_) {
    second_ = now;
    text_ = http::format_date(now);
  }
  return {text_.data(), text_.size()};
}

Http1Reply::Http1Reply(runtime::Stream& stream, http::Request& request, Http1Body& body,
                       const bool& finish_soon, DateCache& dates, const Settings& settings,
                       Stats& stats)
    : stream_(stream),
      request_(request),
      body_(body),
      finish_soon_(finish_soon),
      dates_(dates),
      settings_(settings),
      stats_(stats),
      close_(!request.head.keep_alive) {}

runtime::Task<Http1Reply::Sent> Http1Reply::interim(int status) {
  if (request_.head.minor_version == 0 || started_) co_return Sent();
  std::array<char, 64> room;
  http::HeadWriter writer(room);
  writer.status_line(status);
  auto size = writer.finish();
  if (!size) co_return Sent();
  auto sent =
      co_await runtime::write_all(stream_, {room.data(), *size}, settings_.send_stall_timeout);
  if (!sent) co_return std::unexpected(BodyError::gone);
  co_return Sent();
}

void Http1Reply::start(const http::ResponseHead& head, std::optional<std::uint64_t> length) {
  started_ = true;
  length_ = length;
  bodiless_ =
      request_.head.method == http::Method::head || head.status == 204 || head.status == 304;
  // What is left of the request's body must not be taken for the next request.
  if (!body_.finish_with_what_arrived() || finish_soon_) close_ = true;
  bool old_client = request_.head.minor_version == 0;
  chunked_ = !length && !bodiless_ && !old_client;
  if (!length && !bodiless_ && old_client) close_ = true;
  compose(head, length);
}

void Http1Reply::compose(const http::ResponseHead& head, std::optional<std::uint64_t> length) {
  std::size_t room = 1024;
  while (true) {
    char* memory = request_.arena.make_array<char>(room);
    http::HeadWriter writer({memory, room});
    writer.status_line(head.status);
    writer.field(http::FieldId::date, dates_.text(request_.loop.clock()));
    writer.fields(head.fields);
    if (length && head.status != 204 && head.status != 304) {
      writer.field(http::FieldId::content_length, *length);
    }
    if (chunked_) writer.field(http::FieldId::transfer_encoding, "chunked");
    if (close_) {
      writer.field(http::FieldId::connection, "close");
    } else if (request_.head.minor_version == 0) {
      writer.field(http::FieldId::connection, "keep-alive");
    }
    auto size = writer.finish();
    if (size) {
      head_ = {memory, *size};
      return;
    }
    if (size.error() != http::WriteError::too_small) {
      // Nothing of it may be sent; the client sees the connection end.
      failed_ = true;
      return;
    }
    room = writer.size_needed();
  }
}

// The head, if it is still here, with the first bytes of the body, in one call to the kernel.
runtime::Task<Http1Reply::Sent> Http1Reply::send(std::string_view body, std::string_view prefix,
                                                 std::string_view end) {
  std::array<std::string_view, 4> parts{head_, prefix, body, end};
  head_ = {};
  std::size_t first = 0;
  while (true) {
    std::array<iovec, 4> pieces;
    std::size_t count = 0;
    for (std::size_t i = first; i < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      pieces[count++] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    }
    if (count == 0) break;
    auto wrote = stream_.try_write({pieces.data(), count});
    if (wrote) {
      Stats::add(stats_.bytes_sent, *wrote);
      std::size_t left = *wrote;
      for (; first < parts.size() && left >= parts[first].size(); ++first) {
        left -= parts[first].size();
      }
      if (first < parts.size()) parts[first].remove_prefix(left);
      continue;
    }
    if (wrote.error() != runtime::IoError::would_block) {
      failed_ = true;
      co_return std::unexpected(BodyError::gone);
    }
    runtime::Time deadline = runtime::after(request_.loop.now(), settings_.send_stall_timeout);
    if (co_await stream_.wait_writable(deadline) == runtime::Wake::timed_out) {
      failed_ = true;
      Stats::add(stats_.closed_stalled_send);
      co_return std::unexpected(BodyError::stalled);
    }
  }
  co_return Sent();
}

runtime::Task<Http1Reply::Sent> Http1Reply::flush() {
  if (failed_) co_return std::unexpected(BodyError::gone);
  co_return co_await send({}, {}, {});
}

runtime::Task<Http1Reply::Sent> Http1Reply::write(runtime::Buffer piece) {
  if (failed_) co_return std::unexpected(BodyError::gone);
  if (piece.empty() || bodiless_) co_return Sent();
  if (length_ && body_sent_ + piece.size() > *length_) {
    // More than the head announced would be read as the next answer.
    failed_ = true;
    co_return std::unexpected(BodyError::malformed);
  }
  body_sent_ += piece.size();
  if (!chunked_) co_return co_await send(piece.view(), {}, {});
  http::ChunkPrefix prefix(piece.size());
  co_return co_await send(piece.view(), prefix.view(), http::kChunkEnd);
}

runtime::Task<Http1Reply::Sent> Http1Reply::finish() {
  if (failed_) co_return std::unexpected(BodyError::gone);
  if (length_ && !bodiless_ && body_sent_ != *length_) {
    failed_ = true;
    co_return std::unexpected(BodyError::malformed);
  }
  if (!head_.empty() || chunked_) {
    std::string_view end = chunked_ ? http::kLastChunk : std::string_view();
    auto sent = co_await send({}, {}, end);
    if (!sent) co_return sent;
  }
  finished_ = true;
  co_return Sent();
}

}  // namespace signet::front
