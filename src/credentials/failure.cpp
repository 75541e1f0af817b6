#include "credentials/failure.h"

namespace signet::credentials {

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::nothing_here: return "nothing_here";
    case Cause::misconfigured: return "misconfigured";
    case Cause::unsupported: return "unsupported";
    case Cause::unreadable: return "unreadable";
    case Cause::busy: return "busy";
    case Cause::unreachable: return "unreachable";
    case Cause::timed_out: return "timed_out";
    case Cause::access_denied: return "access_denied";
    case Cause::throttled: return "throttled";
    case Cause::keys_expired: return "keys_expired";
    case Cause::keys_rejected: return "keys_rejected";
    case Cause::region_disabled: return "region_disabled";
    case Cause::malformed_request: return "malformed_request";
    case Cause::server_error: return "server_error";
    case Cause::bad_answer: return "bad_answer";
  }
  return "unknown";
}

}  // namespace signet::credentials
