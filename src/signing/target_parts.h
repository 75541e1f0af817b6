#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace signet::signing {

// A request target, taken apart.
struct TargetParts {
  // What the Host header is for an absolute-form target: without the scheme's own port, the name in
  // lower case. Empty for the origin form.
  std::string host;
  std::string path;
  // Without the "?"; raw spaces and UTF-8 are percent-encoded, as a client would send them.
  std::string query;
};

// Takes a target in origin form or absolute form (RFC 9112 §3.2) apart. The error says what is
// wrong.
std::expected<TargetParts, std::string> target_parts(std::string_view target);

}  // namespace signet::signing
