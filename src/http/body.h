#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/head.h"
#include "http/parse_error.h"
#include "runtime/address.h"
#include "runtime/arena.h"
#include "runtime/buffer.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::http {

// Why a body could not be read to its end, or an answer not be written.
enum class BodyError : std::uint8_t {
  malformed,  // chunked framing broken
  too_large,  // over limits.body_bytes
  stalled,    // no progress within the deadline
  gone        // the other side went away before the end
};

// A body as it arrives. Back-pressure is that nobody asks for more.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // The next piece, at most `max` bytes; an empty one is the end, and stays so.
  virtual runtime::Task<std::expected<runtime::Buffer, BodyError>> read(std::size_t max) = 0;
  // Bytes in all, where the framing tells.
  virtual std::optional<std::uint64_t> length() const = 0;
  // No more is wanted; what still arrives is the owner's business.
  virtual void stop() = 0;
  // Of a client's body: bytes handed out so far. Others do not count.
  virtual std::uint64_t bytes_received() const { return 0; }
};

// The client's side of one exchange: start, write…, finish. No HTTP version is visible.
//
// There is no "client is gone" to wait for: when the client's connection breaks, the front destroys
// the exchange's task, wherever it is suspended.
class Reply {
 public:
  virtual ~Reply() = default;

  // 100 or 103. Does nothing for HTTP/1.0.
  virtual runtime::Task<std::expected<void, BodyError>> interim(int status) = 0;
  // Composes the head; it leaves together with the first piece of the body, or at finish(). The
  // front adds Date, Connection and framing; `head` has none of them. `length`: bytes of the body;
  // nothing: unknown, and the front picks the framing. For HEAD, 204 and 304 whatever is written
  // later is dropped. Once per exchange.
  virtual void start(const ResponseHead& head, std::optional<std::uint64_t> length) = 0;
  // Sends the head now, if it is still here.
  virtual runtime::Task<std::expected<void, BodyError>> flush() = 0;
  // Waits until the piece was handed to the kernel.
  virtual runtime::Task<std::expected<void, BodyError>> write(runtime::Buffer piece) = 0;
  virtual runtime::Task<std::expected<void, BodyError>> finish() = 0;
  // The answer cannot be completed: the client must notice (HTTP/1: close without the end).
  virtual void reset() = 0;
  // HTTP/1: nothing more is read from this connection after this exchange.
  virtual void close_after() = 0;

  virtual bool started() const = 0;
  // Body bytes handed to the kernel so far.
  virtual std::uint64_t bytes_sent() const = 0;
};

// One request. Every view is valid until the exchange ends.
struct Request {
  Request(runtime::EventLoop& on, runtime::Arena& memory) : loop(on), arena(memory), head(memory) {}

  runtime::EventLoop& loop;
  runtime::Arena& arena;
  RequestHead head;
  runtime::Address peer;
  std::string_view peer_host;  // its text without the port
  bool over_loopback = false;  // the listener's own address is a loopback address
  std::uint16_t local_port = 0;
  runtime::Time received{};  // when the head was complete
};

// What stands behind a front.
class Handler {
 public:
  virtual ~Handler() = default;
  // Must start and finish the reply, or reset it.
  virtual runtime::Task<void> handle(Request& request, ByteSource& body, Reply& reply) = 0;
  // A head that could not be parsed; `request.head` holds what is known of it. The connection is
  // closed after the reply.
  virtual runtime::Task<void> handle_malformed(Request& request, ParseError error,
                                               Reply& reply) = 0;
};

}  // namespace signet::http
