#include "gateway/loop_site.h"

namespace signet::gateway {

void AppOnLoop::tally(watch::Shard& shard) {
  const origin::Stats& stats = origin.stats();
  auto fresh = [](std::uint64_t now, std::uint64_t& before) {
    return now - std::exchange(before, now);
  };
  shard.add(metrics.origin_opened, fresh(stats.connects.get(), opened_));
  shard.add(metrics.origin_reused, fresh(stats.reuses.get(), reused_));
  shard.add(metrics.origin_retried, fresh(stats.retries.get(), retried_));
  shard.add(metrics.origin_open,
            static_cast<std::int64_t>(fresh(stats.open_connections.get(), open_)));
}

void AppOnLoop::close_tally(watch::Shard& shard) {
  tally(shard);
  shard.add(metrics.origin_open, -static_cast<std::int64_t>(std::exchange(open_, 0)));
}

}  // namespace signet::gateway
