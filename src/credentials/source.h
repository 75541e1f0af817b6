#pragma once

#include <expected>
#include <string>

#include "credentials/failure.h"
#include "credentials/keys.h"
#include "runtime/clock.h"
#include "runtime/task.h"

namespace signet::credentials {

// Where keys come from. Lives on one loop, the home of the refresher that asks it.
class Source {
 public:
  virtual ~Source() = default;
  // Fresh keys: nothing is cached behind it. Gives up at `deadline`. Destroying the task cancels.
  // One at a time. Cause::nothing_here says that this source is not set up.
  virtual runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) = 0;
  // What kind of source this is, for operators: "environment", "profile files".
  virtual std::string name() const = 0;
};

}  // namespace signet::credentials
