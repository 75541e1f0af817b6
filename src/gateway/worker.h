#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/random.h"
#include "files/catalogue.h"
#include "gateway/loop_site.h"
#include "gateway/signing_stamp.h"
#include "gateway/spool.h"
#include "http/body.h"
#include "identity/opaque_token.h"
#include "portal_api/app_states.h"
#include "runtime/event_loop.h"
#include "state/store.h"
#include "watch/access_log.h"
#include "watch/audit_log.h"
#include "watch/gateway_metrics.h"
#include "watch/log.h"
#include "watch/trace_context.h"

namespace signet::gateway {

class IdentityDesk;

// What all loops share, each thing in its own way safe to share. Outlives the workers.
struct Shared {
  watch::Log& log;
  const watch::GatewayMetrics& metrics;
  const watch::AppMetrics& no_app;  // for requests that belong to no app
  const files::Catalogue& portal;
  Spool& spool;
  const std::atomic<bool>& draining;
  std::size_t loops = 1;
};

// What stands behind one loop's front: everything an exchange needs, once per loop.
class Worker final : public http::Handler {
 public:
  Worker(runtime::EventLoop& on, const Shared& with, crypto::Random& from, watch::Shard& counts,
         watch::AccessLog access, watch::KeptSink* audit, config::LogFormat format,
         std::uint64_t id_seed)
      : loop(on),
        shared(with),
        random(from),
        own_tokens(on.clock()),
        shard(counts),
        access_log(std::move(access)),
        audit_log(audit, on.clock(), format),
        ids(id_seed),
        spooler(on, with.spool) {}

  runtime::Task<void> handle(http::Request& request, http::ByteSource& body,
                             http::Reply& reply) override;
  runtime::Task<void> handle_malformed(http::Request& request, http::ParseError error,
                                       http::Reply& reply) override;

  // Exchanges that begin from now on see `fresh`; the one before goes when its last exchange has.
  void serve(std::unique_ptr<LoopSite> fresh);
  LoopSite& current() { return *current_; }
  // Counts what the apps' origins have done, also those of sites that are on their way out.
  void tally();

  runtime::EventLoop& loop;
  const Shared& shared;
  crypto::Random& random;
  identity::OpaqueTokens own_tokens;
  watch::Shard& shard;
  watch::AccessLog access_log;
  watch::AuditLog audit_log;
  watch::IdGenerator ids;
  SigningDesk signing_desk;
  Spooler spooler;
  std::size_t exchanges = 0;
  runtime::Time next_renewal_warning{};
  portal_api::AppStatesView* app_states = nullptr;  // set before the first request, as is
  identity::KeyBookView* key_book = nullptr;
  identity::LoadBalancerKeysView* load_balancer_keys = nullptr;
  state::StoreView* store = nullptr;  // null without identity, as is
  IdentityDesk* desk = nullptr;

 private:
  void drop_former();

  std::unique_ptr<LoopSite> current_;
  std::vector<std::unique_ptr<LoopSite>> former_;
};

}  // namespace signet::gateway
