#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "front/http1_connection.h"
#include "front/per_address.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::front {

// The client connections of one loop.
class Connections {
 public:
  Connections(runtime::EventLoop& loop, http::Handler& handler, const Settings& settings,
              PerAddress& per_address);

  // Serves a stream until it ends; its peer was entered in per_address(). Loop's thread.
  void adopt(std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint);
  // Other settings from now on, also for the connections that are open.
  void change(const Settings& settings) { settings_ = settings; }
  // Closes connections that wait for a request, longest waiting first; gives how many.
  std::size_t close_idle(std::size_t at_most);
  // From now on every answer ends its connection, and idle connections are closed.
  void finish_soon();
  // Waits until all are gone or the deadline has passed; then ends the rest. Gives how many it
  // ended.
  runtime::Task<std::size_t> drain(runtime::Time deadline);

  std::size_t size() const { return tasks_.size(); }
  // Any thread; a moment old.
  std::size_t open() const { return stats_.open.load(std::memory_order_relaxed); }
  const Stats& stats() const { return stats_; }
  PerAddress& per_address() { return per_address_; }
  void count_refused() { Stats::add(stats_.refused_over_limit); }
  runtime::EventLoop& loop() { return loop_; }

 private:
  class Served;
  static runtime::Task<void> serve(Connections& self, std::unique_ptr<Served> served);
  static runtime::Task<int> watch_for_break(Served& served);

  runtime::EventLoop& loop_;
  http::Handler& handler_;
  Settings settings_;
  PerAddress& per_address_;
  Stats stats_;
  DateCache dates_;
  runtime::Link idle_;
  runtime::Link all_;
  bool finishing_ = false;
  runtime::TaskSet tasks_;
};

}  // namespace signet::front
