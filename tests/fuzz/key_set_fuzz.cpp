// Key sets: what is kept is bounded, fits what it says it is for, and is found by its name only.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/public_key.h"
#include "identity/key_set.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto key = crypto::PublicKey::from_pem(text)) {
    require(!key->verify(crypto::SignatureAlgorithm::es256, text, std::string(64, '\0')));
  }
  const auto set = identity::KeySet::parse(text);
  if (!set) {
    require(identity::describe(set.error()) != "unknown");
    return 0;
  }
  require(!set->keys().empty());
  require(set->keys().size() + set->skipped() <= identity::kMaxKeys);
  for (const identity::VerificationKey& key : set->keys()) {
    require(!key.algorithm || crypto::key_type(*key.algorithm) == key.key.type());
    require(!key.id || set->has(*key.id));
  }
  for (std::size_t i = 0; i < crypto::kSignatureAlgorithms; ++i) {
    const auto algorithm = static_cast<identity::Algorithm>(i);
    for (const identity::VerificationKey* key : set->find(std::nullopt, algorithm)) {
      require(key->key.type() == crypto::key_type(algorithm));
      require(!key->key.verify(algorithm, text, std::string(64, '\0')));
      if (!key->id) continue;
      for (const identity::VerificationKey* named : set->find(*key->id, algorithm))
        require(named->id == key->id);
    }
  }
  return 0;
}
