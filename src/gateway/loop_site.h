#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "credentials/holder.h"
#include "gateway/site.h"
#include "identity/bearer.h"
#include "identity/load_balancer.h"
#include "identity/sessions.h"
#include "origin/origin.h"
#include "origin/resolver.h"
#include "runtime/event_loop.h"
#include "signing/how_to_sign.h"
#include "watch/gateway_metrics.h"

namespace signet::gateway {

// One app as one loop sees it.
struct AppOnLoop {
  AppOnLoop(const config::App& app, runtime::EventLoop& loop, origin::Settings settings,
            origin::Resolver& resolver, const watch::AppMetrics& series)
      : config(app), origin(loop, std::move(settings), resolver), metrics(series) {}

  // Adds to the metrics what the origin has counted since the last call.
  void tally(watch::Shard& shard);
  // The last tally: what is open counts no more.
  void close_tally(watch::Shard& shard);

  const config::App& config;
  origin::Origin origin;
  watch::AppMetrics metrics;
  signing::HowToSign how;
  std::unique_ptr<credentials::Holder> keys;  // signed kinds only

 private:
  std::uint64_t opened_ = 0;
  std::uint64_t reused_ = 0;
  std::uint64_t retried_ = 0;
  std::uint64_t open_ = 0;
};

// A configuration as one loop serves it: the site all loops share, and this loop's connections to
// its apps. A reload makes a new one; exchanges keep theirs until they end.
class LoopSite {
 public:
  LoopSite(std::shared_ptr<const Site> site, const identity::KeyBookView& keys,
           const identity::LoadBalancerKeysView& load_balancer_keys, const runtime::Clock& clock,
           crypto::Random& random)
      : site_(std::move(site)), bearer_(site_->config().identity, keys, clock) {
    const config::LoadBalancer& balancer = site_->config().identity.load_balancer;
    if (balancer.given) {
      const bool has_pool = identity::is_cognito_user_pool(balancer.issuer);
      load_balancer_.emplace(balancer, load_balancer_keys, has_pool ? &keys : nullptr);
    }
    if (site_->config().identity.has_sign_in()) sessions_.emplace(site_->config(), random);
  }

  const Site& site() const { return *site_; }
  // The configuration, for work that may outlast this LoopSite.
  std::shared_ptr<const config::Config> shared_config() const { return {site_, &site_->config()}; }
  // In the configuration's order.
  void add(std::unique_ptr<AppOnLoop> app) { apps_.push_back(std::move(app)); }
  AppOnLoop& app(const config::App& config) { return *apps_[index_of(config)]; }
  const std::vector<std::unique_ptr<AppOnLoop>>& apps() const { return apps_; }
  std::size_t index_of(const config::App& app) const {
    return static_cast<std::size_t>(&app - site_->config().apps.data());
  }
  identity::BearerTokens& bearer() { return bearer_; }
  // Null when none is configured.
  identity::LoadBalancerIdentity* load_balancer() {
    return load_balancer_ ? &*load_balancer_ : nullptr;
  }
  // Null when nobody signs in here.
  identity::Sessions* sessions() { return sessions_ ? &*sessions_ : nullptr; }
  bool in_use() const { return pins_ > 0; }

  // Keeps a LoopSite alive; a count without atomics, for the loop's own thread.
  class Pin {
   public:
    explicit Pin(LoopSite& site) : site_(&site) { ++site_->pins_; }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() { --site_->pins_; }
    LoopSite* operator->() const { return site_; }

   private:
    LoopSite* site_;
  };

 private:
  std::shared_ptr<const Site> site_;
  std::vector<std::unique_ptr<AppOnLoop>> apps_;
  identity::BearerTokens bearer_;
  std::optional<identity::Sessions> sessions_;
  std::optional<identity::LoadBalancerIdentity> load_balancer_;
  std::size_t pins_ = 0;
};

}  // namespace signet::gateway
