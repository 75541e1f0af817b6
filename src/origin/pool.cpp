#include "origin/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace signet::origin {

namespace {
constexpr runtime::Duration kTrustedIdle = std::chrono::seconds(1);
}

// Somebody who waits; lives in the frame of wait().
struct Pool::Ticket : runtime::Link {
  Lease lease;
  runtime::WaitList granted;
};

Lease::~Lease() {
  if (pool_ == nullptr) return;
  connection_.reset();
  pool_->free_one();
}

void Lease::give_back() {
  Pool* pool = std::exchange(pool_, nullptr);
  pool->take_back(std::move(connection_));
}

void Lease::close() {
  Pool* pool = std::exchange(pool_, nullptr);
  pool->close(std::move(connection_));
  pool->free_one();
}

Pool::~Pool() {
  retire();
}

Lease Pool::try_take(bool look_closely) {
  while (!idle_.empty()) {
    std::unique_ptr<Connection> newest = std::move(idle_.back());
    idle_.pop_back();
    if (look_closely && loop_.now() - newest->idle_since > kTrustedIdle) {
      // The loop may not have been told yet: has_unread() then asks the kernel (MSG_PEEK).
      newest->stream->watch().readable = true;
    }
    if (good(*newest)) {
      count();
      return {*this, std::move(newest)};
    }
    close(std::move(newest));
    --open_;
  }
  if (open_ < settings_.connections) {
    ++open_;
    count();
    return {*this, nullptr};
  }
  count();
  return {};
}

runtime::Task<Lease> Pool::wait(runtime::Time deadline) {
  Ticket ticket;
  tickets_.push_back(ticket);
  while (!ticket.lease) {
    if (co_await ticket.granted.wait(loop_, deadline) == runtime::Wake::timed_out) break;
  }
  co_return std::move(ticket.lease);
}

bool Pool::good(Connection& connection) const {
  return !connection.stream->has_unread() &&
         loop_.now() - connection.idle_since < settings_.timeouts.idle;
}

bool Pool::address_is_current(Connection& connection) const {
  if (connection.address_list == address_list_) return true;
  if (std::ranges::find(addresses_, connection.peer) == addresses_.end()) return false;
  connection.address_list = address_list_;
  return true;
}

void Pool::take_back(std::unique_ptr<Connection> connection) {
  connection->idle_since = loop_.now();
  if (retired_ || !address_is_current(*connection)) {
    close(std::move(connection));
    free_one();
    return;
  }
  if (!tickets_.empty()) {
    auto& first = static_cast<Ticket&>(*tickets_.front());
    first.unlink();
    first.lease = Lease(*this, std::move(connection));
    first.granted.wake_one();
    return;
  }
  idle_.push_back(std::move(connection));
  count();
  if (!became_idle_.empty()) became_idle_.wake_all();
}

void Pool::free_one() {
  if (tickets_.empty()) {
    --open_;
    count();
    return;
  }
  auto& first = static_cast<Ticket&>(*tickets_.front());
  first.unlink();
  first.lease = Lease(*this, nullptr);
  first.granted.wake_one();
}

template <typename Keep>
void Pool::keep_if(Keep keep) {
  std::size_t kept = 0;
  for (std::unique_ptr<Connection>& each : idle_) {
    if (!keep(*each)) {
      close(std::move(each));
      continue;
    }
    std::swap(idle_[kept], each);
    ++kept;
  }
  open_ -= idle_.size() - kept;
  idle_.resize(kept);
  count();
}

void Pool::keep_only(Addresses addresses) {
  if (addresses == addresses_) return;
  addresses_ = std::move(addresses);
  ++address_list_;
  keep_if([this](Connection& each) { return address_is_current(each); });
}

void Pool::sweep() {
  keep_if([this](Connection& each) { return good(each); });
}

runtime::Task<void> Pool::something_idle() {
  while (idle_.empty())
    co_await became_idle_.wait(loop_);
}

void Pool::retire() {
  retired_ = true;
  keep_if([](Connection&) { return false; });
}

void Pool::close(std::unique_ptr<Connection> connection) const {
  // Without close_notify OpenSSL would forget the session that the next connection resumes.
  if (settings_.https) connection->stream->shutdown_write();
}

void Pool::count() {
  stats_.open_connections.set(open_);
  stats_.idle_connections.set(idle_.size());
}

}  // namespace signet::origin
