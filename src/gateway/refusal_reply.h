#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/route.h"
#include "http/body.h"
#include "watch/refusal.h"

namespace signet::gateway {

// An answer of this program instead of an MLflow's.
struct Refused {
  watch::Refusal reason = watch::Refusal::none;  // none: an ordinary error, e.g. 404
  int status = 400;
  std::string_view error_code;  // MLflow's, e.g. "PERMISSION_DENIED"
  std::string_view message;     // fit for the caller
  std::string detail;           // for the operator's log; may be empty
  int retry_after = 0;          // seconds; 0: no Retry-After
  std::string_view allow;       // of a 405: the methods
  std::string door;             // where a person's browser goes to sign in instead, or ""

  Refused() = default;
  explicit Refused(const NoRoute& from)
      : reason(from.refusal),
        status(from.status),
        error_code(from.error_code),
        message(from.message) {}
  Refused(watch::Refusal why, int with_status, std::string_view code, std::string_view text)
      : reason(why), status(with_status), error_code(code), message(text) {}
};

// What the page of a refusal needs of its surroundings.
struct RefusalPage {
  std::string_view request_id;       // shown, so that the caller can be helped
  std::string_view portal_link;      // Site::portal_link()
  std::string_view frame_ancestors;  // Site::frame_ancestors()
};

// Answers with MLflow's JSON error shape, or with a small page when a person's browser navigated.
// The request id goes into both as x-request-id.
runtime::Task<void> refuse(const http::Request& request, http::Reply& reply, const Refused& refused,
                           const RefusalPage& page);

// A whole small answer of our own. `fields` may hold more fields; Cache-Control: no-store and
// nosniff are added. A body of over 64 KiB is sent in pieces.
runtime::Task<void> answer(const http::Request& request, http::Reply& reply,
                           http::ResponseHead& head, std::string_view type, std::string_view body);

}  // namespace signet::gateway
