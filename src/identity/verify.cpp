#include "identity/verify.h"

namespace signet::identity {

std::expected<void, JwsError> verify(const Jws& jws, const KeySet& keys, AlgorithmSet allowed) {
  if (!allowed.contains(jws.algorithm)) return std::unexpected(JwsError::algorithm_refused);
  const auto candidates = keys.find(jws.key_id, jws.algorithm);
  if (candidates.empty()) {
    const bool named = jws.key_id && keys.has(*jws.key_id);
    return std::unexpected(named ? JwsError::unfit_key : JwsError::unknown_key);
  }
  for (const VerificationKey* candidate : candidates) {
    if (candidate->key.verify(jws.algorithm, jws.signing_input, jws.signature)) return {};
  }
  return std::unexpected(JwsError::bad_signature);
}

}  // namespace signet::identity
