#pragma once

#include <string_view>

#include "http/fields.h"

namespace signet::http {

// RFC 9110 §13.1.2: whether If-None-Match matches `etag` by weak comparison, so that a GET or HEAD
// is answered 304. `etag` has its quotes and, if weak, its W/. False without such a field; a
// malformed list matches nothing. Several fields are one list.
bool if_none_match_matches(const Fields& fields, std::string_view etag);

// RFC 9110 §13.1.5: whether Range may be honoured. True without If-Range; with an entity tag by
// strong comparison; a date must equal `last_modified` exactly (empty: never).
bool if_range_allows(const Fields& fields, std::string_view etag, std::string_view last_modified);

}  // namespace signet::http
