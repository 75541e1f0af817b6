#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "http/method.h"
#include "http/parse_error.h"
#include "runtime/arena.h"

namespace signet::http {

enum class TargetForm : std::uint8_t { origin, absolute, asterisk };

// A request target in the one form that is routed, authorised, signed and sent.
struct Target {
  TargetForm form = TargetForm::origin;
  std::string_view authority;  // as written, absolute-form only; not yet parsed (host.h)
  std::string_view path;       // normalised, begins with "/"; or "*": OPTIONS of the whole server
  std::string_view query;      // normalised, without "?"
  bool has_query = false;      // "/a?" has an empty query
};

inline constexpr std::size_t kMaxQueryParameters = 1000;

// RFC 9112 §3.2. origin-form, absolute-form (http or https, whose scheme decides nothing), and "*"
// for OPTIONS only; authority-form is refused. An absolute-form without path means "/", with
// OPTIONS
// "*". Views point into `raw`, or into the arena where normalising changed something.
std::expected<Target, ParseError> parse_target(Method method, std::string_view raw,
                                               runtime::Arena& arena);

// Percent-encoded unreserved characters are decoded, hex digits upper-cased, the rest kept.
// Refuses (bad_path): not beginning with "/", "." and ".." segments however encoded, "//", "\",
// ";",
// "#", "?", bytes outside 0x21–0x7E, a "%" without two hex digits, encoded "/", "\" and control
// characters, and what is not UTF-8 after one decode. Idempotent.
std::expected<std::string_view, ParseError> normalise_path(std::string_view path,
                                                           runtime::Arena& arena);

// Keeps the client's order, repeated and empty pairs. "+" becomes "%20"; everything but the
// separators "&" and the first "=" of a pair and RFC 3986 §2.3's unreserved characters is
// percent-encoded with upper-case hex, unreserved characters are decoded: the form of AWS's
// UriEncode, so that the canonical query string of SigV4 is these pairs sorted.
// Refuses bytes outside 0x21–0x7E, "#", a bad "%", what is not UTF-8 after one decode (bad_query),
// a key X-Amz-* in any spelling (signature_in_query), more than kMaxQueryParameters. Idempotent.
std::expected<std::string_view, ParseError> normalise_query(std::string_view query,
                                                            runtime::Arena& arena);

// Whether decoding the decoded path once more would change it ("%2541" → "%41" → "A"). Refused in
// artifact paths. `path` is normalised.
bool second_decode_would_change(std::string_view path);

struct QueryParameter {
  std::string_view name;   // decoded once
  std::string_view value;  // decoded once; empty when there is no "="
};
// The parameters of a normalised query in their order; pairs without any text are left out. Lives
// in the arena and in `query`.
std::span<const QueryParameter> query_parameters(std::string_view query, runtime::Arena& arena);

// Decodes every %XX once; a "%" that is no escape stays. "+" stays. Into the arena if it changes.
std::string_view percent_decode(std::string_view text, runtime::Arena& arena);

}  // namespace signet::http
