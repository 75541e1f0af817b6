#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "identity/person.h"
#include "runtime/clock.h"
#include "state/snapshot.h"

// Tokens that this gateway gives itself. A secret is "sgn_", 32 random bytes as 43 digits of base
// 62 (0-9, A-Z, a-z), and the CRC-32 (ISO-HDLC, zlib's) of all that as 6 more: whoever scans texts
// for secrets knows ours without asking us, and what is mistyped is refused without a look-up.
namespace signet::identity {

inline constexpr std::string_view kSecretPrefix = "sgn_";
inline constexpr std::size_t kSecretDigits = 43;
inline constexpr std::size_t kChecksumDigits = 6;
inline constexpr std::size_t kSecretSize = kSecretPrefix.size() + kSecretDigits + kChecksumDigits;

std::string new_secret(crypto::Random& random);
// Length, prefix, alphabet and checksum are right. Says nothing of whether it was ever given.
bool is_well_formed(std::string_view secret);
// What the store keeps of it: SHA-256. The secret has 256 random bits, so no slower hash is needed.
crypto::Digest token_hash(std::string_view secret);

enum class TokenProblem : std::uint8_t {
  malformed,  // no secret of ours
  unknown,    // none that is known; while the store cannot be read it may be one all the same
  expired,
  revoked,
  owner_revoked,  // all that its owner had at that time
  renewal         // it renews other tokens, and is no credential
};
// One sentence for the operator.
std::string_view describe(TokenProblem problem);

// What is wrong with a token of the snapshot at `now` (Unix seconds), but for its kind; nothing
// when it is good.
std::expected<void, TokenProblem> check_token(const state::Token& token,
                                              const state::Snapshot& snapshot, std::int64_t now);

struct TokenRejection {
  TokenProblem problem = TokenProblem::malformed;
  std::string detail;  // for the operator: which token, and why; nothing of the secret
};

// Whom a token speaks for, and its record: id, kind, expires, and the scope (apps, at_most). Both
// stay as long as the pointers are kept.
struct KnownToken {
  std::shared_ptr<const Person> person;
  std::shared_ptr<const state::Token> token;
};

// Our tokens as they come with requests, for one loop. Who was recognised is remembered for as long
// as the snapshot is the same; there is room for kRemembered, and a place that two share goes to
// the later one.
class OpaqueTokens {
 public:
  static constexpr std::size_t kRemembered = 1024;

  // Borrowed.
  explicit OpaqueTokens(const runtime::Clock& clock) : clock_(clock), places_(kRemembered) {}

  // Without any allocation when it was recognised in this very version of the snapshot. Snapshots
  // of one store only.
  std::expected<KnownToken, TokenRejection> recognise(std::string_view secret,
                                                      const state::Snapshot& snapshot);

 private:
  struct Known {
    Person person;
    state::Token token;
  };
  struct Place {
    std::uint64_t version = 0;
    std::shared_ptr<const Known> known;
  };
  static KnownToken answer(const std::shared_ptr<const Known>& known);

  const runtime::Clock& clock_;
  std::vector<Place> places_;
};

}  // namespace signet::identity
