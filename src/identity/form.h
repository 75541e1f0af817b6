#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signet::identity {

struct FormParameter {
  std::string name;
  std::string value;
  bool operator==(const FormParameter&) const = default;
};

// Appends `text` as application/x-www-form-urlencoded has it (RFC 6749 appendix B): everything but
// RFC 3986 §2.3's unreserved characters as "%XX". A space becomes "%20", which every reader of
// forms and of URLs takes for one.
void append_form_encoded(std::string& to, std::string_view text);
// "name=value&…", in the order given.
std::string form_text(const std::vector<FormParameter>& parameters);
// `url` with `parameters` behind the query that it may have already (RFC 6749 §3.1).
std::string with_query(std::string_view url, const std::vector<FormParameter>& parameters);

enum class FormError : std::uint8_t {
  too_large,  // more bytes or parameters than any provider sends
  malformed,  // an empty pair, a "%" without two hex digits, a raw byte that no URL has
  not_text,   // not UTF-8, or a control character, once decoded
  repeated    // one name twice: readers differ in which one they take (RFC 6749 §3.1)
};

inline constexpr std::size_t kMaxFormBytes = 16 << 10;
inline constexpr std::size_t kMaxFormParameters = 32;

// Reads a query or a form's body, strictly. Names and values are decoded once; a pair without "="
// has an empty value. An empty text has no parameters.
std::expected<std::vector<FormParameter>, FormError> parse_form(std::string_view text);

}  // namespace signet::identity
