#pragma once

#include <expected>

#include "identity/jws.h"
#include "identity/key_set.h"

namespace signet::identity {

// Whether a key of `keys` signed the token, with one of the algorithms `allowed`. The key is chosen
// by the token's `kid` and `alg` alone and must fit both; keys that the header brings along are
// never looked at. Errors: algorithm_refused, unknown_key (the issuer may have a new key: the
// caller may fetch the set anew, once and not often), unfit_key, bad_signature.
std::expected<void, JwsError> verify(const Jws& jws, const KeySet& keys, AlgorithmSet allowed);

}  // namespace signet::identity
