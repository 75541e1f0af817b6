#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/clock.h"

namespace signet::credentials {

// Why there are no keys. The names of to_string() are metric labels.
enum class Cause : std::uint8_t {
  nothing_here,   // this source is not set up: the next one may be asked
  misconfigured,  // set up wrongly or by halves
  unsupported,    // set up in a way this version does not know
  unreadable,     // a file that is there cannot be read
  busy,           // no helper thread was free
  unreachable,    // no connection, or it ended too early
  timed_out,
  access_denied,  // STS knows who asks and says no
  throttled,
  keys_expired,   // the keys that STS was asked with have ended
  keys_rejected,  // STS does not accept the keys it was asked with
  region_disabled,
  malformed_request,  // STS finds fault with a parameter
  server_error,
  bad_answer  // not what STS answers
};

// Lower case with underscores, e.g. "access_denied".
std::string_view to_string(Cause cause);

struct SourceFailure {
  SourceFailure() = default;
  SourceFailure(Cause what, std::string why) : cause(what), reason(std::move(why)) {}

  Cause cause = Cause::nothing_here;
  // One sentence for the operator, naming what failed. Never holds a secret.
  std::string reason;
  // STS asked to wait this long.
  std::optional<runtime::Duration> retry_after;
};

}  // namespace signet::credentials
