#pragma once

#include <string_view>

#include "config/config.h"
#include "http/fields.h"

namespace signet::gateway {

// What of a client's fields reaches an origin, and what is added (design §1.3 "Headers to the
// origin"). First everything that is the client's connection's, a credential or a claim is removed,
// in every spelling; only then ours is added.
struct OwnFields {
  std::string_view request_id;
  std::string_view traceparent;
  bool keeps_tracestate = false;  // the client's may be passed on
  std::string_view client_address;
};

// Fills `out`, which is empty. For signed kinds an allow-list, for plain ones a deny-list. Views of
// `client` are kept, not copied.
void add_request_fields(const http::Fields& client, const config::App& app, const OwnFields& own,
                        http::Fields& out);

}  // namespace signet::gateway
