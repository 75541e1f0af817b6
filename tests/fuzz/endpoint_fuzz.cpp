#include <cstddef>
#include <cstdint>
#include <string_view>

#include "access/endpoint.h"

// A parameter's value is never empty, lies inside the path, and HEAD is GET.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet;
  if (size == 0) return 0;
  auto method = static_cast<http::Method>(data[0] % 10);
  std::string_view path(reinterpret_cast<const char*>(data + 1), size - 1);
  access::Match match = access::find(method, path);
  if (match) {
    for (const access::Parameter& parameter : match.captured()) {
      if (parameter.value.empty() || parameter.name.empty()) __builtin_trap();
      if (parameter.value.front() == '/' || parameter.value.back() == '/') __builtin_trap();
      if (parameter.value.data() < path.data() ||
          parameter.value.data() + parameter.value.size() > path.data() + path.size()) {
        __builtin_trap();
      }
    }
    if (match->method != (method == http::Method::head ? http::Method::get : method)) {
      __builtin_trap();
    }
  }
  return 0;
}
