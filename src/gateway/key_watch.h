#pragma once

#include <map>
#include <string>
#include <vector>

#include "credentials/observer.h"
#include "watch/gateway_metrics.h"
#include "watch/log.h"

namespace signet::gateway {

// Tells the log and the metrics how the keys fare, and readiness whether they can sign.
class KeyWatch final : public credentials::Observer {
 public:
  KeyWatch(watch::Log& log, watch::Registry& registry) : log_(log), registry_(registry) {}

  // An app's keys; `name`: the identity's text(), as reports call it.
  struct Keys {
    std::string name;
    watch::AppMetrics series;
  };
  // These from now on, and no others.
  void follow(const std::vector<Keys>& keys);

  void refreshed(const credentials::RefreshReport& report) override;
  void chose(std::string_view name, std::string_view source, std::string_view passed_over) override;

  // Names of followed keys with which nothing can be signed now. On the home loop.
  std::vector<std::string> unusable() const;

 private:
  struct Followed {
    std::vector<watch::AppMetrics> series;
    bool usable = false;
  };

  watch::Log& log_;
  watch::Registry& registry_;
  std::map<std::string, Followed, std::less<>> followed_;
};

}  // namespace signet::gateway
