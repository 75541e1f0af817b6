#include "front/per_address.h"

namespace signet::front {

void PerAddress::set_limit(std::size_t limit) {
  std::lock_guard lock(mutex_);
  limit_ = limit;
}

bool PerAddress::enter(const std::string& host) {
  std::lock_guard lock(mutex_);
  std::size_t& count = counts_[host];
  if (count >= limit_) return false;
  ++count;
  return true;
}

void PerAddress::leave(const std::string& host) {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(host);
  if (found == counts_.end()) return;
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace signet::front
