#include "http/cookies.h"

#include <fmt/format.h>

#include "http/characters.h"

namespace signet::http {

bool next_cookie(std::string_view& rest, Cookie& cookie) {
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string_view pair = character::trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    cookie.name = character::trim(pair.substr(0, equals));
    cookie.value = equals == std::string_view::npos ? std::string_view()
                                                    : character::trim(pair.substr(equals + 1));
    return true;
  }
  return false;
}

CookieCount find_cookie(const Fields& fields, std::string_view name) {
  CookieCount found;
  for (const Field& field : fields) {
    if (field.id != FieldId::cookie) continue;
    std::string_view rest = field.value;
    Cookie cookie;
    while (next_cookie(rest, cookie)) {
      if (cookie.name != name) continue;
      if (found.count++ == 0) found.first = cookie.value;
    }
  }
  return found;
}

std::string set_cookie_text(const SetCookie& cookie) {
  std::string text = fmt::format("{}={}; Path=/", cookie.name, cookie.value);
  if (cookie.max_age >= 0) text += fmt::format("; Max-Age={}", cookie.max_age);
  if (cookie.secure) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  text += cookie.same_site == SameSite::strict ? "; SameSite=Strict" : "; SameSite=Lax";
  return text;
}

}  // namespace signet::http
