#pragma once

#include <string_view>

namespace signet::http {

// The phrase of RFC 9110 §15 (and RFC 6585, 8297); "Unknown" for a status without one.
std::string_view reason_phrase(int status);

}  // namespace signet::http
