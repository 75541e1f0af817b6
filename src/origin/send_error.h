#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/body.h"

namespace signet::origin {

// Why there is no answer.
struct SendError {
  enum class Kind : std::uint8_t {
    // Not executed by the origin: 503.
    no_address,       // the name could not be resolved
    cannot_connect,   // refused, unreachable, or not in time
    tls_failed,       // handshake or verification; `detail` says which
    queue_timed_out,  // every connection stayed busy: overloaded
    stamp_failed,     // cannot sign; `detail` is the stamp's
    unsendable,       // a byte or field in Outgoing that must not be sent: a mistake of ours
    // The client's fault; the origin got at most a part: 400, 408, 413 by `body`.
    request_body,
    // Perhaps executed: 502, or 504 for the last two.
    lost,          // the connection ended before a complete head
    bad_response,  // engine rule 25; `detail` says what was wrong
    response_timed_out,
    send_timed_out,  // the origin stopped reading the request
  };

  Kind kind;
  http::BodyError body = http::BodyError::gone;  // of request_body only
  std::string detail;  // one plain sentence for the operator's log, perhaps empty

  // Whether the origin may have acted on the request: then no Retry-After is given.
  bool maybe_executed() const { return kind >= Kind::lost; }
};

// "origin-lost" and the like are the gateway's words; this is for logs.
std::string_view to_string(SendError::Kind kind);

}  // namespace signet::origin
