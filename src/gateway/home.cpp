#include "gateway/home.h"

#include <algorithm>
#include <csignal>
#include <functional>
#include <random>
#include <utility>

#include "config/load.h"
#include "config/url.h"
#include "credentials/sts_endpoint.h"
#include "gateway/origin_settings.h"
#include "gateway/server.h"
#include "state/sqlite_store.h"

namespace signet::gateway {

namespace {

constexpr std::size_t kAdminConnections = 256;
constexpr runtime::Duration kLongestGrace = std::chrono::seconds(10);

// A piece of work for another loop.
class Errand final : public runtime::Message {
 public:
  explicit Errand(std::function<void()> work) : work_(std::move(work)) {}
  void deliver() override { work_(); }

 private:
  std::function<void()> work_;
};

// Reads the configuration again, on a helper thread: files and secrets may be slow.
class LoadConfig final : public runtime::Job {
 public:
  LoadConfig(std::string path, const config::Environment& environment)
      : path_(std::move(path)), environment_(environment) {}
  void run() noexcept override {
    loaded.emplace(config::load(path_, environment_));
    if (*loaded) machine = config::prepare_folders(**loaded, environment_);
  }
  std::optional<std::expected<config::Config, config::Problems>> loaded;
  config::Problems machine;

 private:
  std::string path_;
  const config::Environment& environment_;
};

credentials::Identity identity_of(const config::App& app) {
  credentials::Identity identity;
  identity.role_arn = app.role_arn;
  identity.external_id = std::string(app.external_id.reveal());
  identity.region = app.region;
  identity.session_name = credentials::session_name_for(app.name);
  return identity;
}

credentials::RefreshRules refresh_rules(const config::Config& config) {
  credentials::RefreshRules rules;
  rules.attempt = config.timeouts.credentials;
  return rules;
}

credentials::Variables variables_of(const config::Environment& environment) {
  return [&environment](std::string_view name) { return environment.variable(std::string(name)); };
}

std::vector<identity::IssuerAddress> issuers_of(const config::Config& config) {
  std::vector<identity::IssuerAddress> issuers;
  for (const config::BearerIssuer& bearer : config.identity.bearer)
    issuers.push_back({bearer.issuer, bearer.url});
  for (const config::Provider& provider : config.identity.providers)
    issuers.push_back({provider.issuer, provider.url});
  const config::LoadBalancer& balancer = config.identity.load_balancer;
  if (balancer.given && identity::is_cognito_user_pool(balancer.issuer)) {
    if (auto url = config::parse_url(balancer.issuer)) issuers.push_back({balancer.issuer, *url});
  }
  return issuers;
}

// Where proofs of AWS roles go instead of AWS, e.g. in tests; "" for AWS itself.
std::string sts_stand_in(const config::Environment& environment) {
  constexpr std::string_view kRegion = "eu-west-1";  // any: only whether it is set matters
  auto endpoint = credentials::sts_endpoint(kRegion, variables_of(environment));
  if (!endpoint || endpoint->authority == "sts.eu-west-1.amazonaws.com") return {};
  return endpoint->url.substr(0,
                              endpoint->url.find(endpoint->authority) + endpoint->authority.size());
}

void configure_identity(const config::Config& config, identity::LoadBalancerKeys& keys,
                        IdentityDesk* desk) {
  const config::LoadBalancer& balancer = config.identity.load_balancer;
  keys.set_address(balancer.given ? std::optional(balancer.keys) : std::nullopt);
  if (desk != nullptr) desk->configure(config);
}

std::vector<const runtime::EventLoop*> pointers_to(
    const std::vector<std::unique_ptr<runtime::EventLoop>>& loops) {
  std::vector<const runtime::EventLoop*> pointers;
  for (const auto& loop : loops)
    pointers.push_back(loop.get());
  return pointers;
}

}  // namespace

Home::Home(Server& server)
    : server_(server),
      loop_(*server.loops_.front()),
      signals_(loop_, {SIGTERM, SIGINT, SIGHUP}),
      resolver_(loop_, server.names_lane_, std::make_shared<origin::SystemNames>()),
      fetcher_(loop_, resolver_, *server.tls_.front(), origin_timeouts(server.config_),
               server.config_.outbound.proxy),
      key_watch_(*server.log_, server.registry_),
      keyring_(loop_, fetcher_, server.files_lane_, variables_of(server.environment_),
               server.random_, key_watch_, refresh_rules(server.config_)),
      app_states_(loop_, probe_, {}, std::random_device{}()),
      views_([&] {
        std::vector<std::unique_ptr<portal_api::AppStatesView>> views;
        for (const auto& loop : server.loops_) {
          views.push_back(std::make_unique<portal_api::AppStatesView>(app_states_, *loop));
        }
        return views;
      }()),
      key_book_watch_(*server.log_),
      key_book_(loop_, fetcher_, key_book_watch_, {}, std::random_device{}()),
      key_book_views_([&] {
        std::vector<std::unique_ptr<identity::KeyBookView>> views;
        for (const auto& loop : server.loops_)
          views.push_back(std::make_unique<identity::KeyBookView>(key_book_, *loop));
        return views;
      }()),
      load_balancer_watch_(*server.log_),
      load_balancer_keys_(loop_, fetcher_, load_balancer_watch_, {}),
      load_balancer_views_([&] {
        std::vector<std::unique_ptr<identity::LoadBalancerKeysView>> views;
        for (const auto& loop : server.loops_) {
          views.push_back(
              std::make_unique<identity::LoadBalancerKeysView>(load_balancer_keys_, *loop));
        }
        return views;
      }()),
      store_(server.config_.identity.given
                 ? std::make_unique<state::SqliteStore>(loop_, server.config_.state.sqlite)
                 : nullptr),
      store_views_([&] {
        std::vector<std::unique_ptr<state::StoreView>> views;
        if (store_ == nullptr) return views;
        for (const auto& loop : server.loops_)
          views.push_back(std::make_unique<state::StoreView>(*store_, *loop));
        return views;
      }()),
      desk_(store_ == nullptr
                ? nullptr
                : std::make_unique<IdentityDesk>(loop_, fetcher_, *key_book_views_.front(), *store_,
                                                 server.random_, server.clock_,
                                                 sts_stand_in(server.environment_))),
      parts_(make_parts(server.config_)),
      host_(loop_, *parts_, server.access_sinks_.front(), server.audit_sinks_.front(), sights(0)),
      pulse_(loop_, pointers_to(server.loops_)),
      admin_(server.admin_address_, server.registry_, *this, pulse_,
             [this] { bring_metrics_up_to_date(); }),
      admin_per_address_(kAdminConnections),
      admin_connections_(loop_, admin_, front_settings(server.config_, server.loops_.size()),
                         admin_per_address_),
      all_drained_(loop_),
      tasks_(loop_) {
  probe_.attach(host_.worker());
}

Sights Home::sights(std::size_t loop) {
  return {*views_[loop], *key_book_views_[loop], *load_balancer_views_[loop],
          store_views_.empty() ? nullptr : store_views_[loop].get(), desk_.get()};
}

std::shared_ptr<const Parts> Home::make_parts(config::Config config) {
  auto site = std::make_shared<Site>(std::move(config));
  const config::Config& accepted = site->config();
  std::vector<std::shared_ptr<credentials::Line>> lines;
  std::vector<watch::AppMetrics> series;
  std::vector<KeyWatch::Keys> keys;
  for (const config::App& app : accepted.apps) {
    series.push_back(watch::app_metrics(server_.registry_, app.name));
    if (!app.is_signed()) {
      lines.push_back(nullptr);
      continue;
    }
    credentials::Identity identity = identity_of(app);
    lines.push_back(keyring_.line(identity));
    keys.push_back({lines.back()->name(), series.back()});
  }
  key_watch_.follow(keys);
  return std::shared_ptr<const Parts>(
      new Parts{site, std::move(lines), std::move(series), *server_.tls_.back(),
                server_.names_lane_, std::make_shared<origin::SystemNames>(), *server_.shared_,
                front_settings(accepted, server_.loops_.size()), server_.per_address_,
                server_.registry_, server_.log_writer_, server_.clock_, server_.random_});
}

void Home::begin(const std::vector<std::unique_ptr<OtherLoop>>& others) {
  others_ = others;
  std::vector<front::Connections*> all{&host_.connections()};
  for (const auto& other : others)
    all.push_back(&other->host().connections());
  for (int fd : server_.listening_) {
    listeners_.push_back(
        std::make_unique<front::Listener>(loop_, fd, all, server_.config_.limits.connections));
    tasks_.start(listeners_.back()->run());
    server_.log_->info("listening", {{"address", listeners_.back()->address().text()}});
  }
  front::Connections* admin = &admin_connections_;
  admin_listener_ = std::make_unique<front::Listener>(loop_, server_.admin_fd_,
                                                      std::span(&admin, 1), kAdminConnections);
  tasks_.start(admin_listener_->run());
  tasks_.start(pulse_.run());
  tasks_.start(obey_signals());
  std::vector<std::string> names;
  for (const config::App& app : server_.config_.apps)
    names.push_back(app.name);
  app_states_.set_apps(names);
  key_book_.set_issuers(issuers_of(server_.config_));
  configure_identity(parts_->site->config(), load_balancer_keys_, desk_.get());
  server_.log_->info("serving", {{"public_url", server_.config_.public_url->text()},
                                 {"admin", server_.admin_address_.text()},
                                 {"apps", names.size()},
                                 {"loops", server_.loops_.size()},
                                 {"version", server_.options_.version}});
}

// An inherited socket may be another than the configuration says.
bool Home::listens_elsewhere() const {
  return std::ranges::any_of(
      listeners_, [](const auto& listener) { return !listener->address().is_loopback(); });
}

// What is counted where no registry is at hand.
void Home::bring_metrics_up_to_date() {
  server_.registry_.set(server_.metrics_.spool_bytes,
                        static_cast<std::int64_t>(server_.spool_->bytes_in_use()));
  std::uint64_t lost = server_.log_writer_.lines_lost();
  server_.registry_.add(server_.metrics_.lost_log_lines,
                        lost - std::exchange(log_lines_lost_, lost));
}

void Home::end() {
  tasks_.cancel_all();
  app_states_.stop();
  key_book_.stop();
  load_balancer_keys_.stop();
  if (desk_ != nullptr) desk_->stop();
  listeners_.clear();
  admin_listener_.reset();
}

std::vector<std::string> Home::reasons() const {
  std::vector<std::string> reasons;
  if (server_.draining_.load(std::memory_order_relaxed)) reasons.emplace_back("draining");
  for (const std::string& name : key_watch_.unusable()) {
    reasons.push_back("no usable credentials: " + name);
  }
  return reasons;
}

runtime::Task<void> Home::obey_signals() {
  while (true) {
    int signal = co_await signals_.next();
    if (signal == SIGHUP) {
      // A reload reopens them when it has made sure of their folders.
      if (stopping_) server_.log_writer_.reopen();
      if (!std::exchange(reload_wanted_, true) && !reloading_) tasks_.start(reload());
      continue;
    }
    if (stopping_) {
      server_.log_->warning("stopping-at-once", {{"signal", signal}});
      loop_.stop();
      co_return;
    }
    stopping_ = true;
    tasks_.start(drain(signal == SIGINT));
  }
}

// Engine rule 19: tell the load balancer, keep accepting a moment, then close and let running
// exchanges finish.
runtime::Task<void> Home::drain(bool at_once) {
  runtime::Duration patience = server_.config_.timeouts.drain;
  server_.draining_.store(true, std::memory_order_relaxed);
  server_.log_->info("draining");
  app_states_.stop();
  if (!at_once) {
    co_await loop_.sleep_until(loop_.now() + std::min(patience / 3, kLongestGrace));
  }
  for (const auto& listener : listeners_)
    listener->close();
  runtime::Time deadline = runtime::after(loop_.now(), patience);
  loops_draining_ = 1 + others_.size();
  tasks_.start(drain_loop(*this, host_, deadline));
  for (const auto& other : others_) {
    LoopHost& host = other->host();
    host.loop().post(std::make_unique<Errand>(
        [this, &host, deadline] { host.tasks().start(drain_loop(*this, host, deadline)); }));
  }
  co_await all_drained_.wait();
  if (connections_cut_ > 0) {
    server_.log_->warning("drain-cut-short", {{"connections", connections_cut_}});
  }
  loop_.stop();
}

runtime::Task<void> Home::drain_loop(Home& home, LoopHost& host, runtime::Time deadline) {
  std::size_t cut = co_await host.connections().drain(deadline);
  home.loop_.post(std::make_unique<Errand>([&home, cut] { home.loop_is_drained(cut); }));
}

void Home::loop_is_drained(std::size_t connections_cut) {
  connections_cut_ += connections_cut;
  if (--loops_draining_ == 0) all_drained_.set();
}

// One at a time; however many signals came meanwhile, one more reading sees all that they tell of.
runtime::Task<void> Home::reload() {
  reloading_ = true;
  while (std::exchange(reload_wanted_, false) && !stopping_) {
    auto once = reload_once();
    co_await std::move(once);
  }
  reloading_ = false;
}

// Engine rule 27: all or nothing.
runtime::Task<void> Home::reload_once() {
  auto job = std::make_unique<LoadConfig>(server_.options_.config_path, server_.environment_);
  auto done = co_await server_.files_lane_.run(loop_, std::move(job));
  config::Problems problems;
  server_.log_writer_.reopen();
  if (stopping_) co_return;
  if (!done) {
    server_.log_->error("reload-refused", {{"why", "the helper threads are busy"}});
    server_.registry_.add(server_.metrics_.reloads_refused);
    co_return;
  }
  auto& loaded = *(*done)->loaded;
  if (loaded && !loaded->public_url) loaded->public_url = server_.config_.public_url;
  if (!loaded) problems = loaded.error();
  problems.insert(problems.end(), (*done)->machine.begin(), (*done)->machine.end());
  for (const config::Problem& problem : problems) {
    server_.log_->error("reload-refused", {{"why", problem.text()}});
  }
  bool refused = !problems.empty();
  if (!refused && !loaded->identity.given && listens_elsewhere()) {
    server_.log_->error("reload-refused",
                        {{"why",
                          "a listener can be reached from elsewhere, and without identity "
                          "everybody may do everything"}});
    refused = true;
  }
  if (!refused) {
    for (const std::string& what : config::needs_restart(server_.config_, *loaded)) {
      server_.log_->error("reload-refused", {{"why", what + " changed, which needs a restart"}});
      refused = true;
    }
  }
  if (!refused) {
    try {
      accept_config(std::move(*loaded));
    } catch (const std::exception& error) {
      server_.log_->error("reload-refused", {{"why", error.what()}});
      refused = true;
    }
  }
  server_.registry_.add(refused ? server_.metrics_.reloads_refused : server_.metrics_.reloads);
}

void Home::accept_config(config::Config config) {
  if (config.outbound.ca_pem != server_.config_.outbound.ca_pem ||
      config.outbound.ca != server_.config_.outbound.ca) {
    server_.tls_.push_back(std::make_unique<runtime::TlsClientContext>(config.outbound.ca));
  }
  parts_ = make_parts(std::move(config));
  const config::Config& accepted = parts_->site->config();
  server_.config_ = accepted;
  server_.log_->set_level(accepted.log.level);
  fetcher_.change(*server_.tls_.back(), origin_timeouts(accepted), accepted.outbound.proxy);
  keyring_.set_attempt(accepted.timeouts.credentials);
  server_.per_address_.set_limit(accepted.limits.connections_per_address);
  for (const auto& listener : listeners_)
    listener->set_limit(accepted.limits.connections);
  host_.serve(*parts_);
  for (const auto& other : others_) {
    LoopHost& host = other->host();
    host.loop().post(std::make_unique<Errand>([&host, parts = parts_] { host.serve(*parts); }));
  }
  std::vector<std::string> names;
  for (const config::App& app : accepted.apps)
    names.push_back(app.name);
  app_states_.set_apps(names);
  key_book_.set_issuers(issuers_of(accepted));
  configure_identity(accepted, load_balancer_keys_, desk_.get());
  keyring_.drop_unused();
  server_.log_->info("reloaded", {{"apps", names.size()}});
}

}  // namespace signet::gateway
