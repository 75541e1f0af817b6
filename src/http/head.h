#pragma once

#include <cstdint>
#include <string_view>

#include "http/fields.h"
#include "http/framing.h"
#include "http/host.h"
#include "http/method.h"
#include "http/target.h"

namespace signet::http {

// A request's head, parsed and judged. Views live as long as the head's block and arena.
struct RequestHead {
  explicit RequestHead(runtime::Arena& arena) : fields(arena) {}

  Method method = Method::other;
  std::string_view method_name;  // as sent
  int minor_version = 1;         // of HTTP/1.x
  Target target;
  Authority authority;  // the effective one: of the absolute-form target, else of Host
  Fields fields;        // names lower-case; names with "_" are gone
  BodyFraming body;     // none, length or chunked
  bool keep_alive = true;
  bool wants_continue = false;      // Expect: 100-continue, in HTTP/1.1
  bool expectation_failed = false;  // any other Expect: 417
};

// The head of a response, received or to be sent.
struct ResponseHead {
  explicit ResponseHead(runtime::Arena& arena) : fields(arena) {}

  int status = 200;
  Fields fields;
};

// A response's head as an origin sent it.
struct IncomingHead : ResponseHead {
  using ResponseHead::ResponseHead;

  int minor_version = 1;
  BodyFraming body;
  bool keep_alive = true;  // the connection may be reused once the body was read to its end

  bool interim() const { return status < 200; }
};

}  // namespace signet::http
