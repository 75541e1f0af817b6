#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <sys/uio.h>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::runtime {

enum class IoError : std::uint8_t {
  would_block,  // try_ functions only: wait, then call again
  timed_out,
  reset,         // RST, or any other socket error
  tls,           // the peer broke TLS
  end_of_stream  // read_some() only, where the caller asked for at least one byte
};

// A connected byte stream, plain or TLS. try_ functions never wait: a coroutine loops over them and
// the waits, which costs no frame of its own.
class Stream {
 public:
  virtual ~Stream() = default;

  // Bytes read into `into`; 0 at the peer's FIN or close_notify.
  virtual std::expected<std::size_t, IoError> try_read(std::span<char> into) = 0;
  // Bytes taken from the front of `pieces`, at least 1.
  virtual std::expected<std::size_t, IoError> try_write(std::span<const iovec> pieces) = 0;
  // Ends our direction (FIN; TLS: close_notify first). Best effort, does not wait.
  virtual void shutdown_write() = 0;
  // Closing will send RST instead of FIN: the peer must not take what it got for all.
  virtual void reset_on_close() = 0;
  // Whether bytes are waiting that were not asked for, or the peer ended: an idle connection of
  // which this is true must not be reused.
  virtual bool has_unread() = 0;

  // Wait after would_block of the matching try_ function.
  virtual WaitList::Awaiter wait_readable(Time deadline) = 0;
  virtual WaitList::Awaiter wait_writable(Time deadline) = 0;
  // Whether a wait is needed at all; when false the try_ function may be called at once.
  virtual bool read_would_wait() const = 0;
  virtual bool write_would_wait() const = 0;

  // The socket's readiness: `broken` tells of a reset while nobody reads.
  virtual Watch& watch() = 0;
  virtual EventLoop& loop() = 0;
};

// Reads at least one byte. 0 never: the peer's end is IoError::end_of_stream.
Task<std::expected<std::size_t, IoError>> read_some(Stream& stream, std::span<char> into,
                                                    Time deadline);
// Writes all of `text`, which must stay valid meanwhile. `stall` bounds the time without progress.
Task<std::expected<void, IoError>> write_all(Stream& stream, std::string_view text, Duration stall);

}  // namespace signet::runtime
