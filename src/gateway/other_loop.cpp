#include "gateway/other_loop.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/home.h"
#include "gateway/server.h"
#include "runtime/process.h"

namespace signet::gateway {

OtherLoop::OtherLoop(Server& server, std::size_t index, Home& home)
    : index_(index), loop_(*server.loops_[index]) {
  std::promise<LoopHost*> built;
  std::future<LoopHost*> host = built.get_future();
  thread_ = std::thread([this, &server, &home, promise = std::move(built)]() mutable {
    run(server, home, std::move(promise));
  });
  host_ = host.get();
}

OtherLoop::~OtherLoop() {
  loop_.stop();
  thread_.join();
}

void OtherLoop::run(Server& server, Home& home, std::promise<LoopHost*> built) {
  runtime::name_thread(fmt::format("signet-loop-{}", index_));
  {
    LoopHost host(loop_, home.parts(), server.access_sinks_[index_], server.audit_sinks_[index_],
                  home.sights(index_));
    built.set_value(&host);
    loop_.run();
  }
  loop_.shut();
}

}  // namespace signet::gateway
