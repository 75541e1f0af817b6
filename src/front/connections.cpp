#include "front/connections.h"

#include <utility>

#include "runtime/race.h"

namespace signet::front {

// A connection and what its owner needs to end it. Linked among all connections of the loop.
class Connections::Served : public runtime::Link {
 public:
  Served(Connections& owner, std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint)
      : connections(owner), connection(*this, std::move(stream), endpoint) {
    owner.all_.push_back(*this);
    auto& open = owner.stats_.open;
    open.store(open.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  ~Served() {
    connections.per_address_.leave(connection.peer_host());
    auto& open = connections.stats_.open;
    open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }

  // The way back from a link of the idle list.
  struct Connection : Http1Connection {
    Connection(Served& s, std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint)
        : Http1Connection(std::move(stream), endpoint, s.connections.handler_, s.connections.dates_,
                          s.connections.settings_, s.connections.stats_),
          served(s) {}
    Served& served;
  };

  Connections& connections;
  Connection connection;
  runtime::TaskSet::Entry* task = nullptr;
};

Connections::Connections(runtime::EventLoop& loop, http::Handler& handler, const Settings& settings,
                         PerAddress& per_address)
    : loop_(loop),
      handler_(handler),
      settings_(settings),
      per_address_(per_address),
      tasks_(loop) {}

void Connections::adopt(std::unique_ptr<runtime::Stream> stream, const Endpoint& endpoint) {
  Stats::add(stats_.accepted);
  auto served = std::make_unique<Served>(*this, std::move(stream), endpoint);
  Served& connection = *served;
  if (finishing_) connection.connection.finish_soon();
  connection.task = tasks_.start(serve(*this, std::move(served)));
}

runtime::Task<void> Connections::serve(Connections& self, std::unique_ptr<Served> served) {
  // A client that vanishes while its request is being served ends it, wherever it stands.
  runtime::Beside<int> guard(self.loop_, watch_for_break(*served));
  co_await served->connection.run(self.idle_);
}

runtime::Task<int> Connections::watch_for_break(Served& served) {
  runtime::Watch& watch = served.connection.stream().watch();
  Connections& self = served.connections;
  while (!watch.broken)
    co_await watch.watchers_of_breaking.wait(self.loop_);
  Stats::add(self.stats_.client_gone);
  self.tasks_.cancel_later(served.task);
  co_return 0;
}

std::size_t Connections::close_idle(std::size_t at_most) {
  std::size_t closed = 0;
  while (closed < at_most && !idle_.empty()) {
    auto& connection =
        static_cast<Served::Connection&>(static_cast<Http1Connection&>(*idle_.front()));
    Stats::add(stats_.closed_idle);
    tasks_.cancel(connection.served.task);
    ++closed;
  }
  return closed;
}

void Connections::finish_soon() {
  finishing_ = true;
  for (runtime::Link* link = all_.front(); link != &all_; link = link->next()) {
    static_cast<Served*>(link)->connection.finish_soon();
  }
  close_idle(tasks_.size());
}

runtime::Task<std::size_t> Connections::drain(runtime::Time deadline) {
  finish_soon();
  runtime::Wake wake = co_await tasks_.empty(deadline);
  if (wake == runtime::Wake::ready) co_return std::size_t{0};
  std::size_t left = tasks_.size();
  while (!all_.empty())
    tasks_.cancel(static_cast<Served*>(all_.front())->task);
  co_return left;
}

}  // namespace signet::front
