#include "crypto/public_key.h"

#include <array>
#include <cstdlib>
#include <string>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace signet::crypto {

namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

constexpr std::size_t kMinModulusBits = 2048;
constexpr std::size_t kMaxModulusBits = 8192;
constexpr unsigned long kMinExponent = 65537;
constexpr int kMaxExponentBits = 32;

// What OpenSSL thinks of a stranger's key must not turn up as the error of a TLS connection.
class ClearedErrors {
 public:
  ClearedErrors() = default;
  ~ClearedErrors() { ERR_clear_error(); }
  ClearedErrors(const ClearedErrors&) = delete;
  ClearedErrors& operator=(const ClearedErrors&) = delete;
};

// Fetched once: fetching takes locks. Never freed, so that no order of destruction matters.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  if (digest == nullptr) std::abort();
  return digest;
}

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  static const EVP_MD* const kSha256 = fetched("SHA256");
  static const EVP_MD* const kSha384 = fetched("SHA384");
  static const EVP_MD* const kSha512 = fetched("SHA512");
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::es256: return kSha256;
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::es384: return kSha384;
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps512: return kSha512;
    case SignatureAlgorithm::eddsa: break;
  }
  return nullptr;
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::ps256 || algorithm == SignatureAlgorithm::ps384 ||
         algorithm == SignatureAlgorithm::ps512;
}

std::size_t coordinate_bytes(KeyType type) {
  return type == KeyType::p384 ? 48 : 32;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number(std::string_view big_endian) {
  return Number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

Pkey from_params(const char* name, OSSL_PARAM* params) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return nullptr;
  }
  return Pkey(made);
}

// A context ready to verify; verifying works on copies, which cost no fetch.
PkeyContext prepare(EVP_PKEY* key, SignatureAlgorithm algorithm) {
  PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) return nullptr;
  if (key_type(algorithm) == KeyType::rsa) {
    const int padding = is_pss(algorithm) ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1) return nullptr;
  }
  const EVP_MD* digest = digest_of(algorithm);
  if (EVP_PKEY_CTX_set_signature_md(context.get(), digest) != 1) return nullptr;
  if (is_pss(algorithm) &&
      (EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return nullptr;
  }
  return context;
}

// R‖S as the DER that OpenSSL wants. It refuses numbers that are zero or not below the curve's
// order, without which a signature of zeros would fit everything (CVE-2022-21449).
std::string der_of(std::string_view signature) {
  const std::size_t half = signature.size() / 2;
  const EcdsaSignature pair(ECDSA_SIG_new());
  Number r = number(signature.substr(0, half));
  Number s = number(signature.substr(half));
  if (!pair || !r || !s) return {};
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool verify_eddsa(EVP_PKEY* key, std::string_view data, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(data),
                          data.size()) == 1;
}

}  // namespace

KeyType key_type(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::es256: return KeyType::p256;
    case SignatureAlgorithm::es384: return KeyType::p384;
    case SignatureAlgorithm::eddsa: return KeyType::ed25519;
    default: return KeyType::rsa;
  }
}

std::string_view describe(PublicKeyError error) {
  switch (error) {
    case PublicKeyError::modulus_size:
      return "the RSA modulus is even or not between 2048 and 8192 bits";
    case PublicKeyError::exponent: return "the RSA exponent is even, under 65537 or over 32 bits";
    case PublicKeyError::coordinate_size: return "a coordinate is not as long as the curve's";
    case PublicKeyError::not_on_curve: return "the point is not on the curve";
    case PublicKeyError::not_pem: return "not a public key in PEM";
    case PublicKeyError::unsupported_type: return "a type of key that is not supported";
    case PublicKeyError::refused: return "OpenSSL does not take the key";
  }
  return "unknown";
}

struct PublicKey::Prepared {
  Pkey key;
  // By algorithm; only those that the key is for. Ed25519 has none: OpenSSL 3.0 verifies it in one
  // call that takes the key.
  std::array<PkeyContext, kSignatureAlgorithms> contexts;

  static std::shared_ptr<const Prepared> make(Pkey key, KeyType type) {
    auto prepared = std::make_shared<Prepared>();
    for (std::size_t i = 0; i < kSignatureAlgorithms; ++i) {
      const auto algorithm = static_cast<SignatureAlgorithm>(i);
      if (type == KeyType::ed25519 || key_type(algorithm) != type) continue;
      prepared->contexts[i] = prepare(key.get(), algorithm);
      if (!prepared->contexts[i]) return nullptr;
    }
    prepared->key = std::move(key);
    return prepared;
  }

  // One of the two curves' keys, from a point whose coordinates may be anything.
  static std::expected<PublicKey, PublicKeyError> elliptic(KeyType type, std::string_view x,
                                                           std::string_view y) {
    const ClearedErrors cleared;
    const std::size_t size = coordinate_bytes(type);
    if (x.size() != size || y.size() != size) {
      return std::unexpected(PublicKeyError::coordinate_size);
    }
    // SEC 1 §2.3.3, uncompressed: no spelling of the point at infinity.
    std::string point = "\x04";
    point.append(x).append(y);
    std::string group = type == KeyType::p384 ? "P-384" : "P-256";
    std::array<OSSL_PARAM, 3> params{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    Pkey key = from_params("EC", params.data());
    if (!key) return std::unexpected(PublicKeyError::not_on_curve);
    const PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!check || EVP_PKEY_public_check(check.get()) != 1) {
      return std::unexpected(PublicKeyError::not_on_curve);
    }
    return finish(std::move(key), type);
  }

  static std::expected<PublicKey, PublicKeyError> finish(Pkey key, KeyType type) {
    auto prepared = make(std::move(key), type);
    if (!prepared) return std::unexpected(PublicKeyError::refused);
    return PublicKey(type, std::move(prepared));
  }
};

PublicKey::PublicKey(KeyType type, std::shared_ptr<const Prepared> prepared)
    : type_(type), prepared_(std::move(prepared)) {}

std::expected<PublicKey, PublicKeyError> PublicKey::rsa(std::string_view modulus,
                                                        std::string_view exponent) {
  const ClearedErrors cleared;
  while (modulus.starts_with('\0'))
    modulus.remove_prefix(1);
  while (exponent.starts_with('\0'))
    exponent.remove_prefix(1);
  if (modulus.size() > kMaxModulusBits / 8) return std::unexpected(PublicKeyError::modulus_size);
  if (exponent.size() > kMaxExponentBits / 8) return std::unexpected(PublicKeyError::exponent);
  const Number n = number(modulus);
  const Number e = number(exponent);
  if (!n || !e) return std::unexpected(PublicKeyError::refused);
  if (BN_num_bits(n.get()) < static_cast<int>(kMinModulusBits) || BN_is_odd(n.get()) == 0) {
    return std::unexpected(PublicKeyError::modulus_size);
  }
  if (BN_is_odd(e.get()) == 0 || BN_get_word(e.get()) < kMinExponent) {
    return std::unexpected(PublicKeyError::exponent);
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::unexpected(PublicKeyError::refused);
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  Pkey key = params ? from_params("RSA", params.get()) : nullptr;
  if (!key) return std::unexpected(PublicKeyError::refused);
  return Prepared::finish(std::move(key), KeyType::rsa);
}

std::expected<PublicKey, PublicKeyError> PublicKey::p256(std::string_view x, std::string_view y) {
  return Prepared::elliptic(KeyType::p256, x, y);
}

std::expected<PublicKey, PublicKeyError> PublicKey::p384(std::string_view x, std::string_view y) {
  return Prepared::elliptic(KeyType::p384, x, y);
}

std::expected<PublicKey, PublicKeyError> PublicKey::ed25519(std::string_view x) {
  const ClearedErrors cleared;
  if (x.size() != coordinate_bytes(KeyType::ed25519)) {
    return std::unexpected(PublicKeyError::coordinate_size);
  }
  Pkey key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes(x), x.size()));
  if (!key) return std::unexpected(PublicKeyError::refused);
  return Prepared::finish(std::move(key), KeyType::ed25519);
}

bool PublicKey::verify(SignatureAlgorithm algorithm, std::string_view data,
                       std::string_view signature) const {
  if (key_type(algorithm) != type_) return false;
  const ClearedErrors cleared;
  if (type_ == KeyType::ed25519) return verify_eddsa(prepared_->key.get(), data, signature);

  const EVP_MD* digest = digest_of(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned int hash_size = 0;
  if (EVP_Digest(data.data(), data.size(), hash.data(), &hash_size, digest, nullptr) != 1) {
    return false;
  }
  std::string der;
  if (type_ == KeyType::rsa) {
    const int size = EVP_PKEY_get_size(prepared_->key.get());
    if (signature.size() != static_cast<std::size_t>(size)) return false;
  } else {
    if (signature.size() != 2 * coordinate_bytes(type_)) return false;
    der = der_of(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const auto& prepared = prepared_->contexts[static_cast<std::size_t>(algorithm)];
  const PkeyContext context(EVP_PKEY_CTX_dup(prepared.get()));
  return context && EVP_PKEY_verify(context.get(), bytes(signature), signature.size(), hash.data(),
                                    hash_size) == 1;
}

}  // namespace signet::crypto
