#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/task.h"

namespace signet::portal_api {

// Why an app's origin does not answer as it should.
enum class Trouble : std::uint8_t {
  none,
  no_address,   // its name does not resolve
  refused,      // connection refused
  unreachable,  // any other failure to connect, or the connection broke
  tls,
  timed_out,
  cannot_sign,  // no credentials at the moment
  denied,       // it answered 401 or 403
  failing,      // it answered 5xx
  bad_answer,   // no HTTP, or nothing that a MLflow would say
};

// One plain sentence for people; names no host and no secret. Empty for `none`. Valid for ever.
std::string_view message_for(Trouble trouble);

struct ProbeResult {
  Trouble trouble = Trouble::none;
  std::string version;  // what GET /version said, as it came; "" when it could not be read
};

// The named internal read "version" of an app's origin: resolving, connecting and signing are the
// gateway's. Called on the prober's home loop.
class Probe {
 public:
  virtual ~Probe() = default;
  // Must end by `deadline`; it is cancelled then.
  virtual runtime::Task<ProbeResult> probe(std::string app, runtime::Time deadline) = 0;
};

}  // namespace signet::portal_api
