#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "credentials/keyring.h"
#include "front/connections.h"
#include "front/listener.h"
#include "gateway/admin.h"
#include "gateway/app_probe.h"
#include "gateway/identity_desk.h"
#include "gateway/key_book_watch.h"
#include "gateway/key_watch.h"
#include "gateway/loop_host.h"
#include "gateway/other_loop.h"
#include "gateway/pulse.h"
#include "origin/fetch.h"
#include "portal_api/app_states.h"
#include "runtime/race.h"
#include "runtime/signals.h"
#include "runtime/task_set.h"
#include "state/store.h"

namespace signet::gateway {

class Server;

// What lives on the first loop besides its share of the connections: listeners, signals, keys, the
// states of the apps, the admin listener, reloads and the drain. Made and destroyed on its thread.
class Home final : public Readiness {
 public:
  explicit Home(Server& server);
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  // For the other loops' hosts, while they are built.
  const Parts& parts() const { return *parts_; }
  Sights sights(std::size_t loop);

  // Starts to listen, once all loops have their hosts. The vector must stay.
  void begin(const std::vector<std::unique_ptr<OtherLoop>>& others);
  // After the loop has stopped: ends every task that could reach the other loops' hosts.
  void end();

  // Readiness.
  std::vector<std::string> reasons() const override;

 private:
  class Drained;

  std::shared_ptr<const Parts> make_parts(config::Config config);
  runtime::Task<void> obey_signals();
  runtime::Task<void> drain(bool at_once);
  static runtime::Task<void> drain_loop(Home& home, LoopHost& host, runtime::Time deadline);
  void loop_is_drained(std::size_t connections_cut);
  runtime::Task<void> reload();
  runtime::Task<void> reload_once();
  void accept_config(config::Config config);
  bool listens_elsewhere() const;
  void bring_metrics_up_to_date();

  Server& server_;
  runtime::EventLoop& loop_;
  runtime::Signals signals_;
  origin::CachingResolver resolver_;
  origin::OriginFetcher fetcher_;
  KeyWatch key_watch_;
  credentials::Keyring keyring_;
  AppProbe probe_;
  portal_api::AppStates app_states_;
  std::vector<std::unique_ptr<portal_api::AppStatesView>> views_;
  KeyBookWatch key_book_watch_;
  identity::KeyBook key_book_;
  std::vector<std::unique_ptr<identity::KeyBookView>> key_book_views_;
  LoadBalancerWatch load_balancer_watch_;
  identity::LoadBalancerKeys load_balancer_keys_;
  std::vector<std::unique_ptr<identity::LoadBalancerKeysView>> load_balancer_views_;
  std::unique_ptr<state::Store> store_;  // null without identity, as is desk_
  std::vector<std::unique_ptr<state::StoreView>> store_views_;
  std::unique_ptr<IdentityDesk> desk_;
  std::shared_ptr<const Parts> parts_;
  LoopHost host_;
  Pulse pulse_;
  Admin admin_;
  // Its own: clients that have used up theirs must not shut out whoever asks how this is.
  front::PerAddress admin_per_address_;
  front::Connections admin_connections_;
  std::vector<std::unique_ptr<front::Listener>> listeners_;
  std::unique_ptr<front::Listener> admin_listener_;
  std::span<const std::unique_ptr<OtherLoop>> others_;
  bool stopping_ = false;
  bool reload_wanted_ = false;
  bool reloading_ = false;
  std::size_t loops_draining_ = 0;
  std::size_t connections_cut_ = 0;
  std::uint64_t log_lines_lost_ = 0;  // of those counted already
  runtime::Event all_drained_;
  runtime::TaskSet tasks_;
};

}  // namespace signet::gateway
