#include "front/listener.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/socket.h"

namespace signet::front {

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kMostClosedAtOnce = 64;
constexpr runtime::Duration kPauseWhenFull = std::chrono::milliseconds(50);

// Asks another loop to close connections that wait for a request.
class CloseIdle final : public runtime::Message {
 public:
  CloseIdle(Connections& of, std::size_t at_most) : of_(of), at_most_(at_most) {}
  void deliver() override { of_.close_idle(at_most_); }

 private:
  Connections& of_;
  std::size_t at_most_;
};

// An accepted connection on its way to its loop.
class Dealt final : public runtime::Message {
 public:
  Dealt(Connections& to, int fd, Endpoint endpoint) : to_(to), fd_(fd), endpoint_(endpoint) {}
  ~Dealt() override {
    if (fd_ >= 0) ::close(fd_);
  }
  void deliver() override {
    if (!to_.per_address().enter(endpoint_.peer.host_text())) {
      to_.count_refused();
      return;
    }
    if (auto socket = runtime::Socket::adopt(to_.loop(), std::exchange(fd_, -1))) {
      to_.adopt(std::move(socket), endpoint_);
    } else {
      to_.per_address().leave(endpoint_.peer.host_text());
    }
  }

 private:
  Connections& to_;
  int fd_;
  Endpoint endpoint_;
};

}  // namespace

std::expected<int, std::string> Listener::open(const runtime::Address& address) {
  int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  auto failed = [&](const char* what) {
    std::string reason = fmt::format("cannot {} {}: {}", what, address.text(), strerror(errno));
    if (fd >= 0) ::close(fd);
    return std::unexpected(reason);
  };
  if (fd < 0) return failed("open a socket for");
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_v6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address.get(), address.length()) != 0) return failed("listen on");
  if (listen(fd, kBacklog) != 0) return failed("listen on");
  return fd;
}

std::vector<int> Listener::inherited() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  std::vector<int> fds;
  if (pid == nullptr || count == nullptr || std::atol(pid) != getpid()) return fds;
  int sockets = 0;
  std::from_chars(count, count + std::strlen(count), sockets);
  for (int fd = 3; fd < 3 + sockets; ++fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fds.push_back(fd);
  }
  return fds;
}

Listener::Listener(runtime::EventLoop& loop, int fd, std::span<Connections* const> loops,
                   std::size_t limit)
    : loop_(loop),
      fd_(fd),
      reserve_fd_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      loops_(loops.begin(), loops.end()),
      limit_(limit) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
    address_ = {reinterpret_cast<sockaddr*>(&storage), length};
  }
  loop_.watch(fd_, watch_);
  watch_.readable = true;
}

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

runtime::Task<void> Listener::run() {
  while (true) {
    Accepted accepted = Accepted::one;
    for (int i = 0; i < kAcceptsPerTurn && accepted == Accepted::one; ++i)
      accepted = accept_one();
    if (accepted == Accepted::one) {
      co_await loop_.yield();
    } else if (accepted == Accepted::none) {
      watch_.readable = false;
      co_await watch_.readers.wait(loop_);
    } else {
      make_room(accepted == Accepted::no_descriptors);
      co_await retry_.wait(loop_, loop_.now() + kPauseWhenFull);
    }
  }
}

Listener::Accepted Listener::accept_one() {
  std::size_t open = 0;
  for (Connections* connections : loops_)
    open += connections->open();
  if (open >= limit_) return somebody_waits() ? Accepted::over_limit : Accepted::none;
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  int fd =
      accept4(fd_, reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    deal(fd, {reinterpret_cast<sockaddr*>(&storage), length});
    return Accepted::one;
  }
  if (errno == EAGAIN) return Accepted::none;
  if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
    return Accepted::one;  // that client is gone already
  }
  return Accepted::no_descriptors;
}

bool Listener::somebody_waits() const {
  pollfd waiting{fd_, POLLIN, 0};
  return poll(&waiting, 1, 0) > 0;
}

void Listener::deal(int fd, const runtime::Address& peer) {
  Endpoint endpoint{peer, address_.port(), address_.is_loopback()};
  Connections* fewest = *std::ranges::min_element(
      loops_, {}, [](Connections* connections) { return connections->open(); });
  auto message = std::make_unique<Dealt>(*fewest, fd, endpoint);
  if (&fewest->loop() == &loop_) {
    message->deliver();
  } else {
    fewest->loop().post(std::move(message));
  }
}

void Listener::make_room(bool no_descriptors) {
  // Few of many: the latest have only just come, and will ask at once.
  std::size_t few = std::clamp<std::size_t>(limit_ / 16, 1, kMostClosedAtOnce);
  for (Connections* connections : loops_) {
    if (&connections->loop() == &loop_) {
      connections->close_idle(few);
    } else {
      connections->loop().post(std::make_unique<CloseIdle>(*connections, few));
    }
  }
  // Out of descriptors: one waiting client is told so, rather than left hanging.
  if (!no_descriptors || reserve_fd_ < 0) return;
  ::close(reserve_fd_);
  int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::close() {
  if (fd_ < 0) return;
  while (accept_one() == Accepted::one) {
  }
  ::close(fd_);
  fd_ = -1;
}

}  // namespace signet::front
