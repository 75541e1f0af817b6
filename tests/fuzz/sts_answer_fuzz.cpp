#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "credentials/sts_answer.h"

// Whatever STS answers: credentials are only ever such as can be sent as header fields, and a
// refusal can be logged.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::credentials;
  auto printable = [](std::string_view text, char lowest) {
    for (char c : text)
      if (c < lowest || c > 0x7E) std::abort();
  };
  auto answer = parse_sts_answer({reinterpret_cast<const char*>(data), size});
  if (auto* keys = std::get_if<Keys>(&answer)) {
    printable(keys->key.id, '!');
    printable(keys->key.secret, '!');
    printable(keys->key.token, '!');
    if (keys->key.id.empty() || keys->key.secret.empty() || keys->key.token.empty() ||
        !keys->expires) {
      std::abort();
    }
  } else if (auto* refusal = std::get_if<StsRefusal>(&answer)) {
    if (refusal->code.empty() || refusal->message.size() > 1024) std::abort();
    printable(refusal->code, '!');
    printable(refusal->message, ' ');
  }
  return 0;
}
