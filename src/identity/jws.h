#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/public_key.h"
#include "identity/json.h"

namespace signet::identity {

using Algorithm = crypto::SignatureAlgorithm;

// The name in a header or a key, e.g. "RS256" (RFC 7518 §3.1), in exactly this spelling. Nothing
// for others: "none" and the symmetric ones have no value here.
std::optional<Algorithm> parse_algorithm(std::string_view name);
std::string_view to_string(Algorithm algorithm);

// Which algorithms are good enough for somebody.
class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (const Algorithm algorithm : algorithms)
      add(algorithm);
  }
  constexpr void add(Algorithm algorithm) { bits_ |= bit(algorithm); }
  constexpr bool contains(Algorithm algorithm) const { return (bits_ & bit(algorithm)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const AlgorithmSet&) const = default;

 private:
  static constexpr std::uint16_t bit(Algorithm algorithm) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(algorithm));
  }
  std::uint16_t bits_ = 0;
};

inline constexpr AlgorithmSet kAllAlgorithms{Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                                             Algorithm::ps256, Algorithm::ps384, Algorithm::ps512,
                                             Algorithm::es256, Algorithm::es384, Algorithm::eddsa};

// How the three parts are spelt. Either way each token has one spelling only.
enum class Base64Form : std::uint8_t {
  unpadded,  // RFC 7515 §2
  padded     // with every "=" that belongs there: x-amzn-oidc-data of an AWS load balancer
};

struct JwsLimits {
  std::size_t bytes = 16 << 10;
  AlgorithmSet algorithms = kAllAlgorithms;
  Base64Form form = Base64Form::unpadded;
};

inline constexpr std::size_t kMaxKeyIdBytes = 256;

// Why a token is not believed. The names of to_string() are metric labels.
enum class JwsError : std::uint8_t {
  too_large,
  encrypted,          // five parts: a JWE (RFC 7516 §7.1)
  not_compact,        // not three parts, or an empty one
  not_base64url,      // in another spelling than the form
  header_malformed,   // not a JSON object without duplicate members
  algorithm_missing,  // no `alg`, or not a string
  algorithm_refused,  // none, symmetric, unknown or not allowed here
  critical,           // `crit`: an extension that must be understood
  unencoded_payload,  // `b64` (RFC 7797)
  type_malformed,     // `typ` is not a short, printable string
  key_id_malformed,   // `kid` is not a short, printable string
  unknown_key,        // no key of this name, or none that fits a token without: fetch the set anew
  unfit_key,          // the key of this name is for another algorithm
  bad_signature
};

// Lower case with underscores, e.g. "bad_signature".
std::string_view to_string(JwsError error);
// One sentence for the operator. Repeats nothing of the token.
std::string_view describe(JwsError error);

// A JSON Web Signature that has been read; nothing about it has been verified. Owns its texts.
struct Jws {
  Algorithm algorithm = Algorithm::rs256;
  std::optional<std::string> type;    // `typ`
  std::optional<std::string> key_id;  // `kid`: only ever compared with the names in a key set
  // The whole header. Load balancers have claims there. The keys that it may name or hold (`jwk`,
  // `jku`, `x5u`, `x5c`) are nobody's to use; they are not refused, for honest issuers send them.
  JsonObject header;
  std::string signing_input;  // what was signed: the text as received (RFC 7515 §5.2)
  std::string payload;
  std::string signature;
};

// Reads the compact serialisation (RFC 7515 §7.1), strictly: exactly three parts, one spelling of
// base64url, a header without duplicate members whose `alg` is allowed.
std::expected<Jws, JwsError> parse_jws(std::string_view compact, const JwsLimits& limits = {});

// True when `typ` says `wanted`, a media type without "application/", e.g. "at+jwt": compared as
// RFC 7515 §4.1.9 does, in any case and with or without that prefix. False without `typ`.
bool has_type(const Jws& jws, std::string_view wanted);

}  // namespace signet::identity
