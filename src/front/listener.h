#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "front/connections.h"
#include "runtime/address.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::front {

// One listening socket, accepted on its loop, its connections dealt to the loop that has fewest.
class Listener {
 public:
  // Takes the socket; `loops` are all loops' connections, this one's included. `limit`: of
  // connections on all of them together.
  Listener(runtime::EventLoop& loop, int fd, std::span<Connections* const> loops,
           std::size_t limit);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Binds and listens. The error says which address and why.
  static std::expected<int, std::string> open(const runtime::Address& address);
  // Sockets handed over by a service manager (sd_listen_fds(3)): descriptors from 3 on, when
  // LISTEN_PID is this process.
  static std::vector<int> inherited();

  void set_limit(std::size_t limit) { limit_ = limit; }
  // Accepts until cancelled.
  runtime::Task<void> run();
  // Deals what is queued in the kernel and closes the socket: nobody who connected is refused.
  void close();

  runtime::Address address() const { return address_; }

 private:
  enum class Accepted : std::uint8_t { one, none, over_limit, no_descriptors };
  Accepted accept_one();
  void deal(int fd, const runtime::Address& peer);
  bool somebody_waits() const;
  void make_room(bool no_descriptors);

  runtime::EventLoop& loop_;
  int fd_;
  int reserve_fd_;  // closed to accept and refuse one connection when descriptors ran out
  runtime::Watch watch_;
  std::vector<Connections*> loops_;
  std::size_t limit_;
  runtime::Address address_;
  runtime::WaitList retry_;
};

}  // namespace signet::front
