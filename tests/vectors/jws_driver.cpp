// Judges tokens that come one after the other on standard input, as the gateway would. A line
// "keys BYTES" and that many bytes set the key set for what follows; the answer is a line "keys
// KEPT", or "refused: keys ERROR". A line "token FORM NOW SKEW ISSUER AUDIENCE CLIENT BYTES" (FORM
// "unpadded" or "padded", CLIENT "-" for none) and that many bytes are a token; the answer is a
// line "accepted" or "refused: STAGE ERROR".

#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "identity/claims.h"
#include "identity/verify.h"

namespace {

using namespace signet::identity;

std::string bytes(std::size_t size) {
  std::string text(size, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(size));
  return text;
}

std::string refused(std::string_view stage, std::string_view error) {
  return "refused: " + std::string(stage) + ' ' + std::string(error);
}

struct Question {
  std::string form;
  std::int64_t now = 0;
  std::int64_t skew = 0;
  std::string issuer;
  std::string audience;
  std::string client;
};

std::string judge(const Question& question, std::string_view compact, const KeySet& keys) {
  JwsLimits limits;
  limits.form = question.form == "padded" ? Base64Form::padded : Base64Form::unpadded;
  const auto jws = parse_jws(compact, limits);
  if (!jws) return refused("jws", to_string(jws.error()));
  const auto verified = verify(*jws, keys, kAllAlgorithms);
  if (!verified) return refused("verify", to_string(verified.error()));
  const auto claims = Claims::parse(jws->payload);
  if (!claims) return refused("claims", to_string(claims.error()));
  const auto timely = claims->check_times(question.now, question.skew);
  if (!timely) return refused("times", to_string(timely.error()));
  const std::vector<std::string> audiences{question.audience};
  const auto ours = claims->check({question.issuer, audiences, question.client});
  if (!ours) return refused("check", to_string(ours.error()));
  return "accepted";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::optional<KeySet> keys;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string kind;
    std::size_t size = 0;
    Question question;
    fields >> kind;
    if (kind == "token") {
      fields >> question.form >> question.now >> question.skew >> question.issuer >>
          question.audience >> question.client;
      if (question.client == "-") question.client.clear();
    }
    fields >> size;
    if (!fields || (kind != "keys" && (kind != "token" || !keys))) {
      std::cerr << "jws_driver: cannot read the case: " << line << '\n';
      return 2;
    }
    const std::string text = bytes(size);
    if (kind == "token") {
      std::cout << judge(question, text, *keys) << '\n';
      continue;
    }
    auto set = KeySet::parse(text);
    if (set) {
      std::cout << "keys " << set->keys().size() << '\n';
    } else {
      std::cout << refused("keys", to_string(set.error())) << '\n';
    }
    keys = set ? std::move(*set) : KeySet({});
  }
  return 0;
}
