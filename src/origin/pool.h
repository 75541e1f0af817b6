#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "origin/connector.h"
#include "origin/settings.h"
#include "origin/stats.h"
#include "runtime/event_loop.h"
#include "runtime/link.h"
#include "runtime/task.h"

namespace signet::origin {

class Pool;

// The right to one of the pool's connections, with or without the connection. Dropping it closes
// the connection and gives the right to whoever waits.
class Lease {
 public:
  Lease() = default;
  Lease(Pool& pool, std::unique_ptr<Connection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  Lease(Lease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
  Lease& operator=(Lease&& other) noexcept {
    Lease gone(std::move(*this));
    pool_ = std::exchange(other.pool_, nullptr);
    connection_ = std::move(other.connection_);
    return *this;
  }
  ~Lease();

  explicit operator bool() const { return pool_ != nullptr; }
  Connection* connection() const { return connection_.get(); }
  runtime::Stream& stream() const { return *connection_->stream; }

  // Puts a fresh connection under this right, or closes the one there is.
  void hold(std::unique_ptr<Connection> connection) { connection_ = std::move(connection); }
  // Ends the lease and keeps the connection for others. The caller vouches for engine rule 23.
  void give_back();
  // Ends the lease and closes the connection in good order, after an answer that ends it.
  void close();

 private:
  Pool* pool_ = nullptr;
  std::unique_ptr<Connection> connection_;
};

// The connections of one loop to one origin: at most settings.connections, idle ones kept last in
// first out, requests beyond served first come first served. Idle connections hold no buffer.
class Pool {
 public:
  Pool(runtime::EventLoop& loop, const Settings& settings, Stats& stats)
      : loop_(loop), settings_(settings), stats_(stats) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // An idle connection that is still good, or the right to make one; empty when the pool is full.
  // `look_closely`: for a request that cannot be retried the kernel is asked once more whether a
  // connection that idled for over a second is still open.
  Lease try_take(bool look_closely);
  // Waits for a lease, behind those who wait already; empty when the deadline has passed.
  runtime::Task<Lease> wait(runtime::Time deadline);

  // Idle connections to other addresses are closed, busy ones when they come back.
  void keep_only(Addresses addresses);
  // Closes idle connections that timed out, that the origin ended or wrote to.
  void sweep();
  // When sweep() will have something to do at the latest.
  runtime::Time next_time_out() const {
    return idle_.empty() ? runtime::kNever
                         : runtime::after(idle_.front()->idle_since, settings_.timeouts.idle);
  }
  // Resumes when a connection became idle.
  runtime::Task<void> something_idle();
  void retire();

  std::size_t idle() const { return idle_.size(); }
  std::size_t leased() const { return open_ - idle_.size(); }

 private:
  friend class Lease;
  struct Ticket;

  bool good(Connection& connection) const;
  bool address_is_current(Connection& connection) const;
  void take_back(std::unique_ptr<Connection> connection);
  void free_one();
  template <typename Keep>
  void keep_if(Keep keep);
  void close(std::unique_ptr<Connection> connection) const;
  void count();

  runtime::EventLoop& loop_;
  const Settings& settings_;
  Stats& stats_;
  std::size_t open_ = 0;                           // leases and idle connections
  std::vector<std::unique_ptr<Connection>> idle_;  // longest idle first
  runtime::Link tickets_;
  Addresses addresses_;
  std::uint64_t address_list_ = 0;
  runtime::WaitList became_idle_;
  bool retired_ = false;
};

}  // namespace signet::origin
