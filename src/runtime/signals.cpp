#include "runtime/signals.h"

#include <cerrno>
#include <system_error>

#include <sys/signalfd.h>
#include <unistd.h>

namespace signet::runtime {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals)
    sigaddset(&set, signal);
  return set;
}

}  // namespace

void Signals::block(std::initializer_list<int> signals) {
  sigset_t set = set_of(signals);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // Under RLIMIT_FSIZE a write then fails like one on a full disk.
  signal(SIGXFSZ, SIG_IGN);
}

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals) : loop_(loop) {
  sigset_t set = set_of(signals);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ < 0 || !loop_.watch(fd_, watch_)) {
    throw std::system_error(errno, std::generic_category(), "cannot watch signals");
  }
}

Signals::~Signals() {
  loop_.forget(fd_);
  close(fd_);
}

Task<int> Signals::next() {
  while (true) {
    signalfd_siginfo info;
    if (read(fd_, &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
    watch_.readable = false;
    co_await watch_.readers.wait(loop_);
  }
}

}  // namespace signet::runtime
