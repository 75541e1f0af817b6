#pragma once

#include <cstdint>
#include <string_view>

#include "http/fields.h"

namespace signet::http {

enum class Coding : std::uint8_t { identity, gzip, br };

// RFC 9110 §12.5.3: the best of what is on hand for the request's Accept-Encoding: highest weight,
// at equal weight br before gzip before identity. Without the field: identity. Identity also when
// the field is malformed or nothing on hand is acceptable.
Coding choose_coding(const Fields& fields, bool has_gzip, bool has_br);

// RFC 9110 §12.5.1: whether Accept names `type` exactly (not by a wildcard) with a weight above 0.
// `type` is lower-case, e.g. "text/html".
bool accept_names(const Fields& fields, std::string_view type);

// A person's browser asking for a page: Sec-Fetch-Mode says navigate or, from callers that do not
// send it, Accept names text/html. Errors are shown to these as pages, to all others as JSON.
bool is_navigation(const Fields& fields);

}  // namespace signet::http
