#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/clock.h"

namespace signet::portal_api {

// Counts what somebody tried lately, by name, and says when it was too often. For one thread.
class RecentTries {
 public:
  // At most `most` tries of one name within any `window`; of `names` names at once, beyond which
  // others have to wait until one is forgotten.
  RecentTries(std::size_t most, runtime::Duration window, std::size_t names)
      : most_(most), window_(window), names_(names) {}

  // Counts a try; false, and not counted: it is one too many. Tries are counted before their
  // outcome is known, so that many at once are no way around.
  bool take(std::string_view name, runtime::Time now);
  // The last try was none after all.
  void give_back(std::string_view name);
  // Until when the name has to wait once take() has said no; 0: it need not.
  runtime::Duration wait(std::string_view name, runtime::Time now) const;

 private:
  const std::size_t most_;
  const runtime::Duration window_;
  const std::size_t names_;
  std::unordered_map<std::string, std::vector<runtime::Time>> tries_;
};

}  // namespace signet::portal_api
