#include "origin/send_error.h"

namespace signet::origin {

std::string_view to_string(SendError::Kind kind) {
  switch (kind) {
    case SendError::Kind::no_address: return "no address";
    case SendError::Kind::cannot_connect: return "cannot connect";
    case SendError::Kind::tls_failed: return "TLS failed";
    case SendError::Kind::queue_timed_out: return "no connection became free";
    case SendError::Kind::stamp_failed: return "cannot sign";
    case SendError::Kind::unsendable: return "the request cannot be written";
    case SendError::Kind::request_body: return "the request's body ended in an error";
    case SendError::Kind::lost: return "the connection ended before the answer";
    case SendError::Kind::bad_response: return "bad response";
    case SendError::Kind::response_timed_out: return "no answer in time";
    case SendError::Kind::send_timed_out: return "the origin stopped reading";
  }
  return "unknown";
}

}  // namespace signet::origin
