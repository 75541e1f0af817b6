#pragma once

#include "identity/key_book.h"
#include "identity/load_balancer_keys.h"
#include "watch/log.h"

namespace signet::gateway {

// Tells the log how the issuers' keys fare. On the home loop.
class KeyBookWatch final : public identity::KeyBookObserver {
 public:
  explicit KeyBookWatch(watch::Log& log) : log_(log) {}

  void fetched(std::string_view issuer, const identity::KeySet& keys) override;
  void failed(std::string_view issuer, const identity::DiscoveryFailure& failure,
              bool serving) override;

 private:
  watch::Log& log_;
};

// The same for the keys of load balancers.
class LoadBalancerWatch final : public identity::LoadBalancerKeysObserver {
 public:
  explicit LoadBalancerWatch(watch::Log& log) : log_(log) {}

  void fetched(std::string_view key_id) override;
  void failed(std::string_view key_id, std::string_view detail) override;

 private:
  watch::Log& log_;
};

}  // namespace signet::gateway
