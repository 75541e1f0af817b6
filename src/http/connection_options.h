#pragma once

#include <cstddef>
#include <string_view>

#include "http/fields.h"

namespace signet::http {

// Every field is held against every option, so their number is bounded.
inline constexpr std::size_t kMaxConnectionOptions = 64;

// RFC 9110 §7.6.1: Connection = #connection-option, over all Connection fields of a head.
struct ConnectionOptions {
  bool valid = true;  // every element is a token, and there are few enough
  bool close = false;
  bool keep_alive = false;
};
ConnectionOptions connection_options(const Fields& fields);

// Whether any Connection field names `name`, which must be lower-case.
bool connection_names(const Fields& fields, std::string_view name);

}  // namespace signet::http
