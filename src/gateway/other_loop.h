#pragma once

#include <cstddef>
#include <future>
#include <memory>
#include <thread>

#include "gateway/loop_host.h"

namespace signet::gateway {

class Server;
class Home;

// A loop besides home, on a thread of its own. Made and destroyed on the home thread.
class OtherLoop {
 public:
  // Returns when the loop's host is built and about to run.
  OtherLoop(Server& server, std::size_t index, Home& home);
  // Stops the loop and waits for its thread.
  ~OtherLoop();
  OtherLoop(const OtherLoop&) = delete;
  OtherLoop& operator=(const OtherLoop&) = delete;

  // To be touched on its own loop only, but for what says otherwise.
  LoopHost& host() { return *host_; }

 private:
  void run(Server& server, Home& home, std::promise<LoopHost*> built);

  std::size_t index_;
  runtime::EventLoop& loop_;
  LoopHost* host_ = nullptr;
  std::thread thread_;
};

}  // namespace signet::gateway
