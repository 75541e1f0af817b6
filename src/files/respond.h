#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "files/catalogue.h"
#include "http/body.h"
#include "http/fields.h"
#include "runtime/task.h"

namespace signet::files {

enum class Served : std::uint8_t {
  answered,            // the reply was started, and finished or failed
  method_not_allowed,  // nothing was started; the caller refuses with 405 and kAllowed
};
inline constexpr std::string_view kAllowed = "GET, HEAD";

// Answers GET and HEAD for a file: content negotiation (RFC 9110 §12.5.3), If-None-Match (§13.1.2),
// If-Range and a single range (§14.2; several ranges are ignored), nosniff, same-origin
// Cross-Origin-Opener-Policy and -Resource-Policy, caching by what the name promises.
// `page_policy` is the Content-Security-Policy of pages; empty: none. `extra` fields are added as
// they are. All arguments must stay until the task ends.
runtime::Task<Served> respond(http::Request& request, http::Reply& reply, const File& file,
                              std::string_view page_policy, std::span<const http::Field> extra);

}  // namespace signet::files
