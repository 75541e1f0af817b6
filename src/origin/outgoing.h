#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"
#include "runtime/arena.h"

namespace signet::origin {

// A request to an origin: what was decided is what is signed and sent. All views must stay valid
// until send() has returned.
struct Outgoing {
  explicit Outgoing(runtime::Arena& arena) : fields(arena) {}

  std::string_view method;
  std::string_view path;   // wire form, normalised, base path included
  std::string_view query;  // wire form, normalised, without "?"; empty: none is sent
  // In the order they are sent. Host, Connection, Expect and the framing fields are this room's to
  // write: with one of them here nothing is sent (SendError::Kind::unsendable).
  http::Fields fields;
  bool has_body = false;
  // Bytes of the body; without it the body goes out chunked (RFC 9112 §7.1).
  std::optional<std::uint64_t> length;
};

struct StampError {
  std::string why;  // for the operator's log; holds no secret
};

// Adds what may only be known once a connection is there: date and signature.
class Stamp {
 public:
  virtual ~Stamp() = default;
  // Called right before the head is written, again before a retry. Adds to `extra`, which is empty
  // and follows request.fields on the wire; the texts must stay valid until the next call or the
  // end of send().
  virtual std::expected<void, StampError> stamp(const Outgoing& request, http::Fields& extra) = 0;
};

}  // namespace signet::origin
