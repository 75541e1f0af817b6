#include "http/target.h"

#include "http/characters.h"

namespace signet::http {
namespace {

std::size_t absolute_prefix(std::string_view raw) {
  for (const std::string_view prefix :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (character::equals_ignoring_case(raw.substr(0, prefix.size()), prefix)) {
      return prefix.size();
    }
  }
  return 0;
}

}  // namespace

// request-target = origin-form / absolute-form / authority-form / asterisk-form (RFC 9112 §3.2)
std::expected<Target, ParseError> parse_target(Method method, std::string_view raw,
                                               runtime::Arena& arena) {
  Target target;
  if (raw == "*") {
    if (method != Method::options) return std::unexpected(ParseError::bad_target);
    target.form = TargetForm::asterisk;
    target.path = raw;
    return target;
  }
  std::string_view rest = raw;
  if (!raw.starts_with('/')) {
    // absolute-form = absolute-URI; of its schemes only the two that are ours to answer.
    const std::size_t prefix = absolute_prefix(raw);
    if (prefix == 0) return std::unexpected(ParseError::bad_target);
    target.form = TargetForm::absolute;
    rest = raw.substr(prefix);
    target.authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(target.authority.size());
  }

  const std::size_t mark = rest.find('?');
  const std::string_view path = rest.substr(0, mark);
  target.has_query = mark != std::string_view::npos;
  if (path.empty()) {
    // RFC 9112 §3.2.4: OPTIONS of an absolute URI without path and query is meant as "*".
    const bool whole_server = method == Method::options && !target.has_query;
    target.path = whole_server ? "*" : "/";
  } else {
    const std::expected<std::string_view, ParseError> normalised = normalise_path(path, arena);
    if (!normalised) return std::unexpected(normalised.error());
    target.path = *normalised;
  }
  if (target.has_query) {
    const std::expected<std::string_view, ParseError> normalised =
        normalise_query(rest.substr(mark + 1), arena);
    if (!normalised) return std::unexpected(normalised.error());
    target.query = *normalised;
  }
  return target;
}

}  // namespace signet::http
