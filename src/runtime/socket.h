#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>

#include "runtime/address.h"
#include "runtime/event_loop.h"
#include "runtime/stream.h"

namespace signet::runtime {

// A non-blocking TCP socket that belongs to one loop; closed when destroyed.
class Socket final : public Stream {
 public:
  // Takes over `fd`, already connected, e.g. accepted. Null when it cannot be watched.
  static std::unique_ptr<Socket> adopt(EventLoop& loop, int fd);
  // Connects; resolves nothing. Errors: timed_out, reset.
  static Task<std::expected<std::unique_ptr<Socket>, IoError>> connect(EventLoop& loop, Address to,
                                                                       Time deadline);
  ~Socket() override;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Each turn of the loop one socket gets at most 256 KiB each way; then it goes behind the others.
  std::expected<std::size_t, IoError> try_read(std::span<char> into) override;
  std::expected<std::size_t, IoError> try_write(std::span<const iovec> pieces) override;
  void shutdown_write() override;
  bool has_unread() override;
  WaitList::Awaiter wait_readable(Time deadline) override;
  WaitList::Awaiter wait_writable(Time deadline) override;
  bool read_would_wait() const override { return !watch_.readable; }
  bool write_would_wait() const override { return !watch_.writable; }
  Watch& watch() override { return watch_; }
  EventLoop& loop() override { return loop_; }

  int fd() const { return fd_; }
  void reset_on_close() override;
  Address peer() const;
  Address local() const;

 private:
  Socket(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {}
  bool spent_turn();

  EventLoop& loop_;
  int fd_;
  Watch watch_;
  bool was_reset_ = false;  // the kernel tells once; then it would look like the peer's FIN
  std::uint64_t counted_turn_ = 0;
  std::size_t turn_bytes_ = 0;
};

}  // namespace signet::runtime
