#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

namespace signet::crypto {

// The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that Signet verifies. None of them is
// symmetric, and there is no "none".
enum class SignatureAlgorithm : std::uint8_t {
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256, and so on
  rs384,
  rs512,
  ps256,  // RSASSA-PSS, MGF1 and salt of the same digest
  ps384,
  ps512,
  es256,  // ECDSA on P-256 with SHA-256
  es384,  // ECDSA on P-384 with SHA-384
  eddsa   // Ed25519
};
inline constexpr std::size_t kSignatureAlgorithms = 9;

enum class KeyType : std::uint8_t { rsa, p256, p384, ed25519 };

// The one type of key an algorithm can be verified with.
KeyType key_type(SignatureAlgorithm algorithm);

enum class PublicKeyError : std::uint8_t {
  modulus_size,      // under 2048 or over 8192 bits, or even
  exponent,          // even, under 65537 or over 32 bits
  coordinate_size,   // not exactly as long as the curve's field
  not_on_curve,      // or the point at infinity
  not_pem,           // not one PEM block with a public key
  unsupported_type,  // a key that no algorithm here is for
  refused            // the library does not take it
};

// For an operator's log, e.g. "the RSA modulus is not between 2048 and 8192 bits".
std::string_view describe(PublicKeyError error);

// A public key whose parts have been checked. Immutable; copies share one key. Safe to use from
// several threads at once.
class PublicKey {
 public:
  // From the parts of a JWK (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2): big-endian bytes. An RSA number
  // may have leading zeros; a coordinate has the curve's length.
  static std::expected<PublicKey, PublicKeyError> rsa(std::string_view modulus,
                                                      std::string_view exponent);
  static std::expected<PublicKey, PublicKeyError> p256(std::string_view x, std::string_view y);
  static std::expected<PublicKey, PublicKeyError> p384(std::string_view x, std::string_view y);
  static std::expected<PublicKey, PublicKeyError> ed25519(std::string_view x);
  // From "-----BEGIN PUBLIC KEY-----" (RFC 7468 §13), as load balancers publish theirs. The parts
  // are held to the same rules.
  static std::expected<PublicKey, PublicKeyError> from_pem(std::string_view pem);

  KeyType type() const { return type_; }

  // True when `signature` is this key's over `data`, in the form JWS has it (RFC 7518 §3.3-3.5,
  // RFC 8037 §3.1): RSA as long as the modulus, ECDSA as R‖S and never DER. False for everything
  // else, also when the algorithm is for another type of key.
  bool verify(SignatureAlgorithm algorithm, std::string_view data,
              std::string_view signature) const;

 private:
  struct Prepared;
  PublicKey(KeyType type, std::shared_ptr<const Prepared> prepared);

  KeyType type_;
  std::shared_ptr<const Prepared> prepared_;
};

}  // namespace signet::crypto
