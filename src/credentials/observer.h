#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "credentials/failure.h"
#include "runtime/clock.h"

namespace signet::credentials {

enum class Outcome : std::uint8_t {
  renewed,    // new keys are in use
  unchanged,  // the source gave the same again
  failed
};

// One attempt to get keys. The views and the pointer are valid during the call.
struct RefreshReport {
  std::string_view name;  // whose keys: a role, or the gateway's own
  Outcome outcome = Outcome::failed;
  const SourceFailure* failure = nullptr;  // of Outcome::failed
  std::string_view origin;                 // of the keys, otherwise
  std::optional<std::int64_t> expires;     // of the keys in use, Unix seconds
  unsigned failures = 0;                   // in a row, this one included
  bool usable = false;                     // requests can be signed all the same
  bool urgent = false;                     // the point where new keys must be there has passed
  runtime::Duration next_attempt{};        // from now
};

// Who wants to know how the keys fare: the log and the metrics. Called on the home loop.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void refreshed(const RefreshReport& report) = 0;
  // The gateway's own keys come from `source` from now on; `passed_over` says in a sentence each
  // why the sources before it had none, and is empty for the first. Once per change.
  virtual void chose(std::string_view name, std::string_view source,
                     std::string_view passed_over) = 0;
};

}  // namespace signet::credentials
