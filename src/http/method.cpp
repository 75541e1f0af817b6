#include "http/method.h"

#include <array>
#include <cstddef>

namespace signet::http {
namespace {

constexpr std::array<std::string_view, 10> kNames{"GET",    "HEAD",    "POST",    "PUT",   "PATCH",
                                                  "DELETE", "OPTIONS", "CONNECT", "TRACE", "OTHER"};

}  // namespace

Method method_from(std::string_view name) {
  for (std::size_t i = 0; i + 1 < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Method>(i);
  }
  return Method::other;
}

std::string_view to_string(Method method) {
  return kNames[static_cast<std::size_t>(method)];
}

}  // namespace signet::http
