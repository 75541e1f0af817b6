#include "runtime/socket.h"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace signet::runtime {

namespace {
constexpr std::size_t kBytesPerTurn = 256 * 1024;
}

std::unique_ptr<Socket> Socket::adopt(EventLoop& loop, int fd) {
  std::unique_ptr<Socket> socket(new Socket(loop, fd));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A fresh connection can be written; what may be there to read, epoll tells at once.
  socket->watch_.writable = true;
  if (!loop.watch(fd, socket->watch_)) return nullptr;
  return socket;
}

Task<std::expected<std::unique_ptr<Socket>, IoError>> Socket::connect(EventLoop& loop, Address to,
                                                                      Time deadline) {
  int fd = socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return std::unexpected(IoError::reset);
  std::unique_ptr<Socket> made(new Socket(loop, fd));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int status = ::connect(fd, to.get(), to.length());
  if (status != 0 && errno != EINPROGRESS) co_return std::unexpected(IoError::reset);
  if (!loop.watch(fd, made->watch_)) co_return std::unexpected(IoError::reset);
  while (!made->watch_.writable) {
    if (co_await made->watch_.writers.wait(loop, deadline) == Wake::timed_out) {
      co_return std::unexpected(IoError::timed_out);
    }
  }
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
    co_return std::unexpected(IoError::reset);
  }
  co_return std::move(made);
}

Socket::~Socket() {
  close(fd_);
}

bool Socket::spent_turn() {
  if (counted_turn_ != loop_.turn()) {
    counted_turn_ = loop_.turn();
    turn_bytes_ = 0;
  }
  return turn_bytes_ >= kBytesPerTurn;
}

std::expected<std::size_t, IoError> Socket::try_read(std::span<char> into) {
  if (was_reset_) return std::unexpected(IoError::reset);
  if (!watch_.readable || spent_turn()) return std::unexpected(IoError::would_block);
  while (true) {
    ssize_t got = recv(fd_, into.data(), into.size(), 0);
    if (got >= 0) {
      auto bytes = static_cast<std::size_t>(got);
      turn_bytes_ += bytes;
      // A short read emptied the socket; the next edge tells of more. Not so once the peer has
      // finished: then no edge follows.
      if (bytes < into.size() && !watch_.peer_finished && !watch_.broken) watch_.readable = false;
      return bytes;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      watch_.readable = false;
      return std::unexpected(IoError::would_block);
    }
    was_reset_ = watch_.broken = true;
    return std::unexpected(IoError::reset);
  }
}

std::expected<std::size_t, IoError> Socket::try_write(std::span<const iovec> pieces) {
  if (!watch_.writable || spent_turn()) return std::unexpected(IoError::would_block);
  while (true) {
    ssize_t wrote;
    if (pieces.size() == 1) {
      wrote = send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(pieces.data());
      message.msg_iovlen = pieces.size();
      wrote = sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
    if (wrote >= 0) {
      turn_bytes_ += static_cast<std::size_t>(wrote);
      return static_cast<std::size_t>(wrote);
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      watch_.writable = false;
      return std::unexpected(IoError::would_block);
    }
    watch_.broken = true;
    return std::unexpected(IoError::reset);
  }
}

void Socket::shutdown_write() {
  shutdown(fd_, SHUT_WR);
}

bool Socket::has_unread() {
  if (watch_.broken || watch_.peer_finished) return true;
  if (!watch_.readable) return false;
  char byte;
  ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) {
    watch_.readable = false;
    return false;
  }
  return true;
}

WaitList::Awaiter Socket::wait_readable(Time deadline) {
  // Readable all the same: this turn's share is spent, the next turn brings a new one.
  return watch_.readers.wait(loop_, deadline, watch_.readable);
}

WaitList::Awaiter Socket::wait_writable(Time deadline) {
  return watch_.writers.wait(loop_, deadline, watch_.writable);
}

void Socket::reset_on_close() {
  linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

Address Socket::peer() const {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<sockaddr*>(&storage), length};
}

Address Socket::local() const {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<sockaddr*>(&storage), length};
}

}  // namespace signet::runtime
