#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "runtime/stream.h"
#include "runtime/task.h"

namespace signet::origin {

// Asks an HTTP proxy, to which `stream` is connected, for a tunnel to `authority`, "host:port"
// (RFC 9110 §9.3.6), by `deadline`. The error is one sentence for the operator. `stream` must stay.
runtime::Task<std::expected<void, std::string>> open_tunnel(runtime::Stream& stream,
                                                            std::string authority,
                                                            runtime::Time deadline);

}  // namespace signet::origin
