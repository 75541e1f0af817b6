// Callbacks and forms: what is read is text, within bounds and said once, and reads the same when
// written again; a code is only ever given for the attempt's own state and the provider's issuer;
// and what a provider describes can be logged.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "identity/callback.h"
#include "identity/form.h"

namespace {

using namespace signet;

constexpr std::int64_t kNow = 1'700'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_form(std::string_view text) {
  const auto form = identity::parse_form(text);
  if (!form) return;
  require(form->size() <= identity::kMaxFormParameters);
  for (const identity::FormParameter& parameter : *form) {
    require(std::ranges::count(*form, parameter.name, &identity::FormParameter::name) == 1);
    for (const char c : parameter.name + parameter.value)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  }
  // Writing may need more bytes than the bound lets in again.
  const std::string again = identity::form_text(*form);
  if (again.size() > identity::kMaxFormBytes) return;
  const auto reread = identity::parse_form(again);
  require(reread && *reread == *form);
}

void check(const identity::Callback& callback, bool names_issuer) {
  identity::SignInAttempt attempt;
  attempt.state = "S";
  attempt.provider = "corp";
  attempt.begun_at = kNow;
  identity::ProviderMetadata metadata;
  metadata.issuer = "https://i";
  metadata.callbacks_name_issuer = names_issuer;
  const auto code = identity::check_callback(callback, attempt, "corp", metadata, kNow);
  if (!code) {
    require(identity::describe(code.error()) != "unknown");
    return;
  }
  require(callback.state == "S" && *code == callback.code && !code->empty());
  require(callback.error.empty());
  require(callback.issuer ? *callback.issuer == "https://i" : !names_issuer);
  require(!identity::check_callback(callback, attempt, "other", metadata, kNow));
  attempt.state = "T";
  require(!identity::check_callback(callback, attempt, "corp", metadata, kNow));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_form(text);
  const auto callback = identity::parse_callback(text);
  if (!callback) {
    require(identity::describe(callback.error()) != "unknown");
    return 0;
  }
  require(!callback->state.empty());
  require(callback->code.empty() != callback->error.empty());
  require(callback->error_description.size() <= 200);
  for (const char c : callback->error + callback->error_description)
    require(c >= 0x20 && c < 0x7F && !std::string_view("<>\"'&\\%=").contains(c));
  check(*callback, true);
  check(*callback, false);
  return 0;
}
