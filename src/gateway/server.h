#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "crypto/random.h"
#include "files/catalogue.h"
#include "front/per_address.h"
#include "gateway/loop_host.h"
#include "gateway/serve.h"
#include "gateway/spool.h"
#include "runtime/address.h"
#include "runtime/clock.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"
#include "watch/log.h"
#include "watch/log_writer.h"

namespace signet::gateway {

// The gateway's process: what all loops share, in the order in which it is built, then home.h and
// the other loops on top of it.
class Server {
 public:
  // Opens the listening sockets. Throws std::runtime_error with a sentence for the operator.
  Server(config::Config config, const ServeOptions& options,
         const config::Environment& environment);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until a signal says stop and running exchanges have ended. The exit code.
  int run();

 private:
  friend class Home;
  friend class OtherLoop;

  void start_logging();
  void open_sockets();

  const ServeOptions options_;
  const config::Environment& environment_;
  config::Config config_;  // the one last accepted
  runtime::SystemClock clock_;
  crypto::SystemRandom random_;

  watch::LogWriter log_writer_;
  std::vector<watch::LineSink*> access_sinks_;
  std::vector<watch::KeptSink*> audit_sinks_;  // one per loop; null: no access log
  std::unique_ptr<watch::Log> log_;
  watch::Registry registry_;
  watch::GatewayMetrics metrics_{registry_};
  watch::AppMetrics no_app_ = watch::app_metrics(registry_, "");
  files::Catalogue portal_;
  std::atomic<bool> draining_{false};

  std::vector<std::unique_ptr<runtime::EventLoop>> loops_;  // the first is home
  runtime::Lane names_lane_{"names", 2, 1024};
  runtime::Lane files_lane_{"files", 1, 64};  // configuration and profile files; bodies have theirs
  SystemSpoolFiles spool_files_;
  std::unique_ptr<Spool> spool_;
  // A reload may bring another CA file; connections of before keep theirs.
  std::vector<std::unique_ptr<runtime::TlsClientContext>> tls_;
  front::PerAddress per_address_;
  std::vector<int> listening_;
  int admin_fd_ = -1;
  runtime::Address admin_address_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace signet::gateway
