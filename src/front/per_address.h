#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace signet::front {

// Connections by client address, over all loops, for limits.connections_per_address. Locked only
// when a connection is accepted or has ended.
class PerAddress {
 public:
  explicit PerAddress(std::size_t limit) : limit_(limit) {}
  // Any thread, all of these.
  void set_limit(std::size_t limit);
  bool enter(const std::string& host);
  void leave(const std::string& host);

 private:
  std::size_t limit_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> counts_;
};

}  // namespace signet::front
