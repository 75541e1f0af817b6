#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "credentials/holder.h"
#include "crypto/random.h"
#include "front/connections.h"
#include "front/settings.h"
#include "gateway/worker.h"
#include "identity/key_book.h"
#include "origin/resolver.h"
#include "portal_api/app_states.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"
#include "runtime/tls.h"

namespace signet::gateway {

// What every loop is built from. Made on the home loop; outlives all loops' hosts.
struct Parts {
  std::shared_ptr<const Site> site;
  // One per app, in the configuration's order; null for plain ones.
  std::vector<std::shared_ptr<credentials::Line>> key_lines;
  std::vector<watch::AppMetrics> app_metrics;
  runtime::TlsClientContext& tls;
  runtime::Lane& names_lane;
  std::shared_ptr<const origin::Names> names;
  const Shared& shared;
  front::Settings front;
  front::PerAddress& per_address;
  watch::Registry& registry;
  watch::LogWriter& log_writer;
  const runtime::Clock& clock;
  crypto::Random& random;
};

// One loop's sight of what home keeps. The last two are null without identity.
struct Sights {
  portal_api::AppStatesView& app_states;
  identity::KeyBookView& key_book;
  identity::LoadBalancerKeysView& load_balancer_keys;
  state::StoreView* store;
  IdentityDesk* desk;
};

// Everything that lives on one loop. Constructed and destroyed on that loop's thread, since
// coroutine frames belong to the thread that made them.
class LoopHost {
 public:
  LoopHost(runtime::EventLoop& loop, const Parts& parts, watch::LineSink* access_sink,
           watch::KeptSink* audit_sink, const Sights& sights);

  runtime::EventLoop& loop() { return loop_; }
  Worker& worker() { return worker_; }
  front::Connections& connections() { return connections_; }
  origin::Resolver& resolver() { return resolver_; }
  runtime::TaskSet& tasks() { return tasks_; }

  // Serves this configuration from the next request on.
  void serve(const Parts& parts);

 private:
  std::unique_ptr<LoopSite> make_site(const Parts& parts);
  runtime::Task<void> keep_tally(const watch::GatewayMetrics& metrics);
  void tally(const watch::GatewayMetrics& metrics);

  runtime::EventLoop& loop_;
  watch::Shard& shard_;
  origin::CachingResolver resolver_;
  Worker worker_;
  front::Connections connections_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t slow_turns_ = 0;
  std::uint64_t open_ = 0;
  std::array<std::uint64_t, watch::kClosedTexts.size()> closed_{};
  runtime::TaskSet tasks_;
};

}  // namespace signet::gateway
