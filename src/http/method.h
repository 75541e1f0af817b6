#pragma once

#include <cstdint>
#include <string_view>

namespace signet::http {

// RFC 9110 §9.3 and RFC 5789. `other` is a well-formed method this program has no rule for.
enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  patch,
  delete_,
  options,
  connect,
  trace,
  other
};

// Case-sensitive: "get" is `other`.
Method method_from(std::string_view name);

// "GET" …; "OTHER" for `other`, whose real name is RequestHead::method_name.
std::string_view to_string(Method method);

// RFC 9110 §9.2.1, of the methods that have a rule.
constexpr bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options ||
         method == Method::trace;
}

}  // namespace signet::http
