#include "gateway/key_book_watch.h"

namespace signet::gateway {

void KeyBookWatch::fetched(std::string_view issuer, const identity::KeySet& keys) {
  log_.info("issuer-keys-fetched",
            {{"issuer", issuer}, {"keys", keys.keys().size()}, {"skipped", keys.skipped()}});
}

void KeyBookWatch::failed(std::string_view issuer, const identity::DiscoveryFailure& failure,
                          bool serving) {
  log_.write(serving ? watch::LogLevel::warning : watch::LogLevel::error, "issuer-keys-not-fetched",
             {{"issuer", issuer},
              {"cause", identity::to_string(failure.error)},
              {"why", failure.detail},
              {"old_keys_still_serve", serving}});
}

void LoadBalancerWatch::fetched(std::string_view key_id) {
  log_.info("load-balancer-key-fetched", {{"key", key_id}});
}

void LoadBalancerWatch::failed(std::string_view key_id, std::string_view detail) {
  log_.warning("load-balancer-key-failed", {{"key", key_id}, {"why", detail}});
}

}  // namespace signet::gateway
