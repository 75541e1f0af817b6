#pragma once

#include "http/fields.h"

namespace signet::http {

// The fields that belong to one connection (RFC 9110 §7.6.1 and the historic proxy-*).
bool is_hop_by_hop(FieldId id);

// Removes from `fields`, in one pass, the hop-by-hop fields and whatever a Connection field names.
// Comes before anything of ours is added: otherwise `Connection: authorization` would remove ours.
// Content-Length goes too: framing is decided anew for each side.
void remove_hop_by_hop(Fields& fields);

}  // namespace signet::http
