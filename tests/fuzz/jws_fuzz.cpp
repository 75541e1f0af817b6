// Tokens in both spellings: what is read was spelt in the only way there is, names an algorithm
// that is allowed and texts that can be logged; no key verifies it; and its claims answer every
// question.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base64.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/verify.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_printable(const std::optional<std::string>& text) {
  if (!text) return;
  require(text->size() <= identity::kMaxKeyIdBytes);
  for (const char c : *text)
    require(c >= 0x20 && c <= 0x7E);
}

std::string spelt(std::string_view bytes, identity::Base64Form form) {
  std::string text = crypto::base64url(bytes);
  if (form == identity::Base64Form::padded) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

void read(std::string_view compact, identity::Base64Form form, const identity::KeySet& keys) {
  identity::JwsLimits limits;
  limits.form = form;
  const auto jws = identity::parse_jws(compact, limits);
  if (!jws) {
    require(identity::describe(jws.error()) != "unknown");
    return;
  }
  require_printable(jws->type);
  require_printable(jws->key_id);
  require(identity::parse_algorithm(identity::to_string(jws->algorithm)) == jws->algorithm);
  require(jws->header.find("crit") == nullptr && jws->header.find("b64") == nullptr);
  const std::size_t dot = jws->signing_input.find('.');
  require(jws->signing_input.substr(dot + 1) == spelt(jws->payload, form));
  require(jws->signing_input + '.' + spelt(jws->signature, form) == compact);
  require(!identity::verify(*jws, keys, identity::kAllAlgorithms));
  (void)identity::has_type(*jws, "at+jwt");
}

void ask(std::string_view payload) {
  const auto claims = identity::Claims::parse(payload);
  if (!claims) return;
  const std::vector<std::string> audiences{"a"};
  for (const std::string_view path : {"iss", "aud", "a.b", "exp", "", "."}) {
    const auto text = claims->text(path);
    const auto texts = claims->texts(path);
    if (text && *text) require(texts && texts->size() == 1 && texts->front() == **text);
    const auto time = claims->time(path);
    if (time && *time) require(**time >= 0 && **time <= 1LL << 53);
    (void)claims->boolean(path);
  }
  if (claims->check_times(1'440'938'160, 60)) require(*claims->time("exp") > 1'440'938'099);
  if (claims->check({"i", audiences, "a"})) {
    require(**claims->text("iss") == "i" && !claims->texts("aud")->empty());
    require(claims->check({"i", audiences, ""}).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // RFC 7515 A.3 and RFC 8037 A.2: whoever finds a signature has found more than a bug here.
  static const identity::KeySet keys =
      identity::KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k",)"
                              R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                              R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
                              R"({"kty":"OKP","crv":"Ed25519",)"
                              R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})")
          .value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text, identity::Base64Form::unpadded, keys);
  read(text, identity::Base64Form::padded, keys);
  ask(text);
  // Mutations of a header reach further when they need not be spelt in base64url.
  const std::size_t line = text.find('\n');
  if (line != std::string_view::npos) {
    const std::string_view rest = text.substr(line + 1);
    read(crypto::base64url(text.substr(0, line)) + '.' + crypto::base64url(rest) + ".c2ln",
         identity::Base64Form::unpadded, keys);
    ask(rest);
  }
  return 0;
}
