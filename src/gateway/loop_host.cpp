#include "gateway/loop_host.h"

#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include "gateway/origin_settings.h"

namespace signet::gateway {

namespace {

std::uint64_t random_seed(crypto::Random& random) {
  std::array<std::byte, 8> bytes;
  random.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

LoopHost::LoopHost(runtime::EventLoop& loop, const Parts& parts, watch::LineSink* access_sink,
                   watch::KeptSink* audit_sink, const Sights& sights)
    : loop_(loop),
      shard_(parts.registry.add_shard()),
      resolver_(loop, parts.names_lane, parts.names),
      worker_(loop, parts.shared, parts.random, shard_,
              watch::AccessLog(access_sink, parts.clock, parts.site->config().log.format, shard_,
                               parts.shared.metrics.dropped_log_lines),
              audit_sink, parts.site->config().log.format, random_seed(parts.random)),
      connections_(loop, worker_, parts.front, parts.per_address),
      tasks_(loop) {
  worker_.app_states = &sights.app_states;
  worker_.key_book = &sights.key_book;
  worker_.load_balancer_keys = &sights.load_balancer_keys;
  worker_.store = sights.store;
  worker_.desk = sights.desk;
  worker_.serve(make_site(parts));
  tasks_.start(keep_tally(parts.shared.metrics));
}

void LoopHost::serve(const Parts& parts) {
  connections_.change(parts.front);
  worker_.serve(make_site(parts));
}

// The rooms below count for themselves; once a second their counts become metrics.
runtime::Task<void> LoopHost::keep_tally(const watch::GatewayMetrics& metrics) {
  while (true) {
    tally(metrics);
    co_await loop_.sleep_until(loop_.now() + std::chrono::seconds(1));
  }
}

void LoopHost::tally(const watch::GatewayMetrics& metrics) {
  auto fresh = [](std::uint64_t now, std::uint64_t& before) {
    return now - std::exchange(before, now);
  };
  const front::Stats& stats = connections_.stats();
  constexpr auto kRelaxed = std::memory_order_relaxed;
  shard_.add(metrics.accepted, fresh(stats.accepted.load(kRelaxed), accepted_));
  shard_.add(metrics.connections_refused, fresh(stats.refused_over_limit.load(kRelaxed), refused_));
  shard_.add(metrics.slow_turns, fresh(loop_.stats().slow_turns.load(kRelaxed), slow_turns_));
  shard_.add(metrics.connections,
             static_cast<std::int64_t>(fresh(stats.open.load(kRelaxed), open_)));
  const std::array<std::uint64_t, 5> closed{
      stats.closed_idle.load(kRelaxed), stats.closed_slow_head.load(kRelaxed),
      stats.closed_slow_body.load(kRelaxed), stats.closed_stalled_send.load(kRelaxed),
      stats.client_gone.load(kRelaxed)};
  for (std::size_t why = 0; why < closed.size(); ++why)
    shard_.add(metrics.connections_closed[why], fresh(closed[why], closed_[why]));
  worker_.tally();
}

std::unique_ptr<LoopSite> LoopHost::make_site(const Parts& parts) {
  auto made = std::make_unique<LoopSite>(parts.site, *worker_.key_book, *worker_.load_balancer_keys,
                                         parts.clock, parts.random);
  const config::Config& config = parts.site->config();
  for (std::size_t i = 0; i < config.apps.size(); ++i) {
    const config::App& app = config.apps[i];
    auto on_loop = std::make_unique<AppOnLoop>(
        app, loop_, origin_settings(config, app, parts.tls, parts.shared.loops), resolver_,
        parts.app_metrics[i]);
    if (app.is_signed()) {
      on_loop->how = how_to_sign(app);
      on_loop->keys = std::make_unique<credentials::Holder>(loop_, parts.key_lines[i]);
    }
    made->add(std::move(on_loop));
  }
  return made;
}

}  // namespace signet::gateway
