#include "runtime/event_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace signet::runtime {

namespace {
constexpr Duration kSlowTurn = std::chrono::milliseconds(20);
constexpr Duration kTrimEvery = std::chrono::seconds(1);

void count(std::atomic<std::uint64_t>& counter) {
  // One writer: no read-modify-write needed.
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}
}  // namespace

void WaitList::Awaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  coroutine_ = coroutine;
  if (soon_) {
    loop_.make_ready(*this, Wake::ready);
    return;
  }
  list_.waiting_.push_back(static_cast<WaitLink&>(*this));
  loop_.arm(*this, deadline_);
}

void WaitList::wake_one() {
  if (waiting_.empty()) return;
  auto& waiter = static_cast<Waiter&>(static_cast<WaitLink&>(*waiting_.front()));
  waiter.loop().make_ready(waiter, Wake::ready);
}

void WaitList::wake_all() {
  while (!waiting_.empty())
    wake_one();
}

void EventLoop::YieldAwaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  coroutine_ = coroutine;
  loop_.make_ready(*this, Wake::ready);
}

EventLoop::EventLoop(Clock& clock)
    : clock_(clock), now_(clock.monotonic()), trimmed_(now_), timers_(now_) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wakeup_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (epoll_ < 0 || wakeup_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot create an event loop");
  }
}

EventLoop::~EventLoop() {
  shut();
  close(wakeup_);
  close(epoll_);
}

void EventLoop::shut() {
  std::vector<std::unique_ptr<Message>> undelivered;
  {
    std::lock_guard lock(mail_mutex_);
    shut_ = true;
    undelivered.swap(mail_);
  }
  undelivered.clear();
  destroy_finished();
}

void EventLoop::destroy_finished() {
  // Destroying a task may send further tasks here.
  while (!to_destroy_.empty()) {
    doomed_.swap(to_destroy_);
    doomed_.clear();
  }
}

void EventLoop::trim_memory() {
  trimmed_ = now_;
  blocks_.trim();
  trim_frames();
}

void EventLoop::run() {
  while (!stopping_.load(std::memory_order_acquire))
    run_once(std::chrono::seconds(1));
  stopping_.store(false, std::memory_order_release);
}

void EventLoop::run_once(Duration longest) {
  wait_for_events(longest);
  ++turn_;
  timers_.expire(
      now_, [this](Timer& timer) { make_ready(static_cast<Waiter&>(timer), Wake::timed_out); });
  deliver_messages();
  resume_ready();
  destroy_finished();
  if (now_ - trimmed_ >= kTrimEvery) trim_memory();
  count(stats_.turns);
  Duration took = clock_.monotonic() - now_;
  if (took > kSlowTurn) {
    count(stats_.slow_turns);
    if (on_slow_turn) on_slow_turn(took);
  }
}

void EventLoop::wait_for_events(Duration longest) {
  std::array<epoll_event, 128> events;
  Duration wait = longest;
  if (!ready_.empty() || !to_start_.empty()) {
    wait = Duration::zero();
  } else {
    Time next = timers_.next_wake();
    if (next != kNever) wait = std::min(wait, std::max(next - now_, Duration::zero()));
  }
  // Rounded up: waking a moment early would turn the loop for nothing.
  auto millis = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                         static_cast<int>(std::min<std::int64_t>(millis, 60'000)));
  now_ = clock_.monotonic();
  for (int i = 0; i < count; ++i) {
    auto* watch = static_cast<Watch*>(events[static_cast<std::size_t>(i)].data.ptr);
    std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    if (watch == nullptr) {
      std::uint64_t value;
      [[maybe_unused]] auto got = read(wakeup_, &value, sizeof value);
      continue;
    }
    if ((what & EPOLLRDHUP) != 0) watch->peer_finished = true;
    if ((what & (EPOLLERR | EPOLLHUP)) != 0) watch->broken = true;
    if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) {
      watch->readable = true;
      watch->readers.wake_all();
    }
    if ((what & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
      watch->writable = true;
      watch->writers.wake_all();
    }
    if (watch->broken) watch->watchers_of_breaking.wake_all();
  }
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  std::uint64_t one = 1;
  [[maybe_unused]] auto wrote = write(wakeup_, &one, sizeof one);
}

void EventLoop::post(std::unique_ptr<Message> message) {
  {
    std::lock_guard lock(mail_mutex_);
    if (shut_) return;
    mail_.push_back(std::move(message));
  }
  if (mail_waiting_.exchange(true, std::memory_order_acq_rel)) return;
  std::uint64_t one = 1;
  [[maybe_unused]] auto wrote = write(wakeup_, &one, sizeof one);
}

void EventLoop::deliver_messages() {
  if (!mail_waiting_.exchange(false, std::memory_order_acq_rel)) return;
  std::vector<std::unique_ptr<Message>> arrived;
  {
    std::lock_guard lock(mail_mutex_);
    arrived.swap(mail_);
  }
  for (auto& message : arrived)
    message->deliver();
}

bool EventLoop::watch(int fd, Watch& watch) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watch;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::forget(int fd) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::make_ready(Waiter& waiter, Wake wake) {
  waiter.WaitLink::unlink();
  waiter.disarm();
  waiter.wake_ = wake;
  ready_.push_back(static_cast<WaitLink&>(waiter));
}

void EventLoop::cancel_start(std::coroutine_handle<> coroutine) {
  std::replace(to_start_.begin(), to_start_.end(), coroutine, std::coroutine_handle<>());
}

void EventLoop::resume_ready() {
  // Only what is ready now: what becomes ready meanwhile waits for the next turn, behind the
  // sockets.
  Link batch;
  batch.take_all(ready_);
  std::size_t starting = to_start_.size();
  for (std::size_t i = 0; i < starting; ++i) {
    if (auto coroutine = std::exchange(to_start_[i], {})) coroutine.resume();
  }
  to_start_.erase(to_start_.begin(), to_start_.begin() + static_cast<std::ptrdiff_t>(starting));
  while (!batch.empty()) {
    auto& waiter = static_cast<Waiter&>(static_cast<WaitLink&>(*batch.front()));
    waiter.WaitLink::unlink();
    waiter.coroutine_.resume();
  }
}

void EventLoop::destroy_later(Task<void> task) {
  to_destroy_.push_back(std::move(task));
}

}  // namespace signet::runtime
