#include "portal_api/recent_tries.h"

#include <algorithm>

namespace signet::portal_api {

bool RecentTries::take(std::string_view name, runtime::Time now) {
  const auto is_old = [&](runtime::Time when) { return now - when >= window_; };
  auto found = tries_.find(std::string(name));
  if (found == tries_.end()) {
    if (tries_.size() >= names_) {
      std::erase_if(tries_,
                    [&](const auto& entry) { return std::ranges::all_of(entry.second, is_old); });
    }
    if (tries_.size() >= names_) return false;
    found = tries_.emplace(name, std::vector<runtime::Time>()).first;
  }
  std::erase_if(found->second, is_old);
  if (found->second.size() >= most_) return false;
  found->second.push_back(now);
  return true;
}

void RecentTries::give_back(std::string_view name) {
  const auto found = tries_.find(std::string(name));
  if (found == tries_.end()) return;
  if (!found->second.empty()) found->second.pop_back();
  if (found->second.empty()) tries_.erase(found);
}

runtime::Duration RecentTries::wait(std::string_view name, runtime::Time now) const {
  const auto found = tries_.find(std::string(name));
  if (found == tries_.end() || found->second.size() < most_) return {};
  const runtime::Time oldest = std::ranges::min(found->second);
  return std::max(oldest + window_ - now, runtime::Duration());
}

}  // namespace signet::portal_api
