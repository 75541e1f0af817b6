#include "front/http1_connection.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "http/request_parser.h"

namespace signet::front {

using runtime::IoError;
using runtime::Time;
using runtime::Wake;

namespace {
// Most heads and the small body behind them fit, and the arena's first block still has room for the
// table of fields.
constexpr std::size_t kFirstHeadBlock = 3072;
constexpr std::size_t kMostPerRead = 16 * 1024;
constexpr std::uint64_t kLingerBytes = std::uint64_t{64} << 20;
constexpr runtime::Duration kLingerTime = std::chrono::seconds(10);
}  // namespace

// Everything of one request; in the arena rather than in the coroutine, so that an idle
// connection's frame stays small.
struct Http1Connection::Exchange {
  Exchange(runtime::EventLoop& loop, runtime::Arena& arena, const http::HeadLimits& limits)
      : parser(arena, limits), request(loop, arena) {}

  http::RequestParser parser;
  http::Request request;
  std::optional<Http1Body> body;
  std::optional<Http1Reply> reply;
  http::ParseError error{};
};

Http1Connection::Http1Connection(std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint,
                                 http::Handler& handler, DateCache& dates, const Settings& settings,
                                 Stats& stats)
    : stream_(std::move(stream)),
      input_(*stream_),
      endpoint_(endpoint),
      peer_host_(endpoint.peer.host_text()),
      handler_(handler),
      dates_(dates),
      settings_(settings),
      stats_(stats) {}

runtime::Task<void> Http1Connection::run(runtime::Link& idle) {
  runtime::EventLoop& loop = stream_->loop();
  runtime::Arena arena(loop.blocks());
  bool stays = true;
  while (stays) {
    if (!input_.has_rest() && stream_->read_would_wait()) {
      if (finish_soon_) break;
      idle.push_back(*this);
      Time deadline = runtime::after(loop.now(), settings_.idle_timeout);
      Wake wake = co_await stream_->wait_readable(deadline);
      unlink();
      if (wake == Wake::timed_out) {
        Stats::add(stats_.closed_idle);
        break;
      }
    }
    stays = co_await serve_one(arena);
    arena.reset();
  }
}

runtime::Task<bool> Http1Connection::serve_one(runtime::Arena& arena) {
  runtime::EventLoop& loop = stream_->loop();
  // Destroyed with this frame, also when the connection is cancelled in the middle.
  struct InArena {
    Exchange* exchange;
    ~InArena() { std::destroy_at(exchange); }
  };
  void* memory = arena.allocate(sizeof(Exchange), alignof(Exchange));
  InArena holder{new (memory) Exchange(loop, arena, settings_.head)};
  Exchange& exchange = *holder.exchange;
  http::Request& request = exchange.request;
  request.peer = endpoint_.peer;
  request.peer_host = peer_host_;
  request.local_port = endpoint_.local_port;
  request.over_loopback = endpoint_.over_loopback;

  HeadResult result = co_await read_head(exchange);
  if (result == HeadResult::ended) co_return false;
  // Woken for nothing: it goes on waiting as an idle connection, without a block.
  if (result == HeadResult::none) co_return true;
  request.received = loop.now();
  request.head = std::move(exchange.parser.head());
  bool malformed = result == HeadResult::malformed;
  http::BodyFraming framing = malformed ? http::BodyFraming() : request.head.body;
  exchange.body.emplace(input_, framing, request.head.wants_continue, settings_, stats_);
  exchange.reply.emplace(*stream_, request, *exchange.body, finish_soon_, dates_, settings_,
                         stats_);
  if (malformed) {
    exchange.reply->close_after();
    co_await handler_.handle_malformed(request, exchange.error, *exchange.reply);
  } else {
    co_await handler_.handle(request, *exchange.body, *exchange.reply);
  }
  Stats::add(stats_.bytes_received, exchange.body->bytes_received());
  if (exchange.reply->connection_stays() && exchange.body->finished()) co_return true;
  // An answer that broke off must look broken; a whole one must arrive, although the client may
  // still be sending.
  if (!exchange.reply->was_reset()) {
    co_await linger();
  } else if (exchange.reply->ends_with_connection()) {
    stream_->reset_on_close();
  }
  co_return false;
}

runtime::Task<Http1Connection::HeadResult> Http1Connection::read_head(Exchange& exchange) {
  runtime::EventLoop& loop = stream_->loop();
  runtime::Arena& arena = exchange.request.arena;
  std::size_t room = kFirstHeadBlock;
  while (room < input_.rest_size())
    room *= 2;
  char* block = arena.make_array<char>(room);
  std::size_t filled = 0;
  Time deadline = runtime::after(loop.now(), settings_.header_timeout);
  while (true) {
    // Bounded, so that what lies behind the head fits a buffer.
    std::size_t most = std::max(input_.rest_size(), kMostPerRead);
    auto got = input_.try_read({block + filled, std::min(room - filled, most)});
    if (!got && got.error() == IoError::would_block) {
      if (filled == 0) co_return HeadResult::none;
      if (co_await stream_->wait_readable(deadline) == Wake::timed_out) {
        Stats::add(stats_.closed_slow_head);
        co_return HeadResult::ended;
      }
      continue;
    }
    if (!got || *got == 0) co_return HeadResult::ended;
    filled += *got;
    auto progress = exchange.parser.parse(block, filled);
    if (!progress) {
      exchange.error = progress.error();
      co_return HeadResult::malformed;
    }
    if (progress->complete) {
      std::string_view rest(block + progress->head_length, filled - progress->head_length);
      Stats::add(stats_.bytes_received, progress->head_length);
      if (!rest.empty()) {
        // What the connection itself still holds comes behind it.
        runtime::Buffer kept = runtime::Buffer::copy_of(loop.blocks(), rest);
        input_.keep_rest(std::move(kept));
      }
      co_return HeadResult::complete;
    }
    if (filled == room) {
      if (loop.blocks().bytes_in_use() > settings_.memory) {
        exchange.error = http::ParseError::no_memory;
        co_return HeadResult::malformed;
      }
      std::size_t larger = room * 4;
      char* grown = arena.make_array<char>(larger);
      std::memcpy(grown, block, filled);
      block = grown;
      room = larger;
    }
  }
}

runtime::Task<void> Http1Connection::linger() {
  runtime::EventLoop& loop = stream_->loop();
  stream_->shutdown_write();
  Time deadline = runtime::after(loop.now(), kLingerTime);
  std::uint64_t dropped = 0;
  runtime::Buffer room;
  while (dropped < kLingerBytes) {
    if (stream_->read_would_wait()) {
      room = {};
      if (co_await stream_->wait_readable(deadline) == Wake::timed_out) co_return;
    }
    if (!room) room = runtime::Buffer(loop.blocks(), runtime::BlockSize::k16);
    auto got = stream_->try_read(room.room());
    if (!got && got.error() == IoError::would_block) {
      if (co_await stream_->wait_readable(deadline) == Wake::timed_out) co_return;
      continue;
    }
    if (!got || *got == 0) co_return;
    dropped += *got;
  }
}

}  // namespace signet::front
