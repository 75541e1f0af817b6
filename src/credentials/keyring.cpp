#include "credentials/keyring.h"

#include <utility>
#include <vector>

#include <fmt/core.h>

#include "credentials/chain.h"
#include "credentials/environment_source.h"
#include "credentials/profile_source.h"
#include "credentials/role_source.h"

namespace signet::credentials {

namespace {

Identity own_of(const std::string& region) {
  Identity own;
  own.region = region;
  return own;
}

}  // namespace

std::string Identity::text() const {
  if (role_arn.empty()) return fmt::format("the gateway's own keys in {}", region);
  std::string line = fmt::format("role {} in {} as {}", role_arn, region, session_name);
  if (!person.empty()) line += fmt::format(" for {}", person);
  return line;
}

Keyring::Keyring(runtime::EventLoop& home, http::Fetcher& fetcher, runtime::Lane& files,
                 Variables variables, crypto::Random& random, Observer& observer,
                 const RefreshRules& rules)
    : home_(home),
      files_(files),
      variables_(std::move(variables)),
      random_(random),
      observer_(observer),
      rules_(rules),
      sts_(fetcher, home.clock(), variables_) {}

Keyring::~Keyring() = default;

std::shared_ptr<Line> Keyring::line(const Identity& identity) {
  Identity key = identity.role_arn.empty() ? own_of(identity.region) : identity;
  auto found = refreshers_.find(key);
  if (found == refreshers_.end()) {
    auto refresher =
        std::make_unique<Refresher>(home_, key.text(), source_for(key), rules_, random_, observer_);
    found = refreshers_.emplace(std::move(key), std::move(refresher)).first;
  }
  return found->second->line();
}

std::unique_ptr<Source> Keyring::source_for(const Identity& identity) {
  if (identity.role_arn.empty()) {
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<EnvironmentSource>(variables_));
    sources.push_back(
        std::make_unique<ProfileSource>(home_, files_, sts_, variables_, identity.region));
    return std::make_unique<Chain>(identity.text(), std::move(sources), observer_);
  }
  Role role;
  role.arn = identity.role_arn;
  role.session_name = identity.session_name;
  role.external_id = identity.external_id;
  role.source_identity = identity.person;
  role.policy = identity.policy;
  role.region = identity.region;
  return std::make_unique<RoleSource>(home_, line(own_of(identity.region)), sts_, std::move(role));
}

void Keyring::set_attempt(runtime::Duration most) {
  rules_.attempt = most;
  for (const auto& [identity, refresher] : refreshers_)
    refresher->set_attempt(most);
}

void Keyring::drop_unused() {
  std::erase_if(refreshers_, [](const auto& entry) { return !entry.second->wanted(); });
}

}  // namespace signet::credentials
