#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/base64.h"
#include "crypto/public_key.h"

namespace signet::crypto {

// A private key as an issuer has it: signs in the forms that JWS has, and in those it has not.
class SigningKey {
 public:
  static SigningKey rsa(unsigned bits = 2048, unsigned long exponent = 65537) {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    BIGNUM* e = BN_new();
    BN_set_word(e, exponent);
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_keygen_init(context) == 1);
    require(EVP_PKEY_CTX_set_rsa_keygen_bits(context, static_cast<int>(bits)) == 1);
    require(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1);
    require(EVP_PKEY_generate(context, &key) == 1);
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return SigningKey(key, "RSA");
  }
  static SigningKey elliptic(const char* curve) {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve), curve);
  }
  static SigningKey ed25519() {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "Ed25519");
  }

  // The signature that belongs into a token.
  std::string sign(SignatureAlgorithm algorithm, std::string_view data) const {
    std::string signature = sign_as_openssl_does(algorithm, data);
    if (kind_ != "P-256" && kind_ != "P-384") return signature;
    const auto* from = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(signature.size()));
    require(pair != nullptr);
    std::string raw =
        number(ECDSA_SIG_get0_r(pair), size()) + number(ECDSA_SIG_get0_s(pair), size());
    ECDSA_SIG_free(pair);
    return raw;
  }

  // ECDSA as DER, as certificates have it.
  std::string sign_as_openssl_does(SignatureAlgorithm algorithm, std::string_view data) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    require(EVP_DigestSignInit_ex(context, &options, digest(algorithm), nullptr, nullptr,
                                  key_.get(), nullptr) == 1);
    if (is_pss(algorithm)) {
      require(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
      require(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_) == 1);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    std::size_t length = 0;
    require(EVP_DigestSign(context, nullptr, &length, bytes, data.size()) == 1);
    std::string signature(length, '\0');
    auto* to = reinterpret_cast<unsigned char*>(signature.data());
    require(EVP_DigestSign(context, to, &length, bytes, data.size()) == 1);
    EVP_MD_CTX_free(context);
    signature.resize(length);
    return signature;
  }

  // For PSS: another salt than JWS has.
  void set_salt(int bytes) { salt_ = bytes; }

  std::string modulus() const { return part(OSSL_PKEY_PARAM_RSA_N); }
  std::string exponent() const { return part(OSSL_PKEY_PARAM_RSA_E); }
  std::string x() const {
    if (kind_ != "Ed25519") return part(OSSL_PKEY_PARAM_EC_PUB_X, size());
    std::string bytes(32, '\0');
    std::size_t length = bytes.size();
    auto* to = reinterpret_cast<unsigned char*>(bytes.data());
    require(EVP_PKEY_get_raw_public_key(key_.get(), to, &length) == 1);
    return bytes;
  }
  std::string y() const { return part(OSSL_PKEY_PARAM_EC_PUB_Y, size()); }

  PublicKey public_key() const {
    if (kind_ == "RSA") return PublicKey::rsa(modulus(), exponent()).value();
    if (kind_ == "P-256") return PublicKey::p256(x(), y()).value();
    if (kind_ == "P-384") return PublicKey::p384(x(), y()).value();
    return PublicKey::ed25519(x()).value();
  }

  std::string pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    require(PEM_write_bio_PUBKEY(bio, key_.get()) == 1);
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio, &text);
    std::string copy(text, static_cast<std::size_t>(length));
    BIO_free(bio);
    return copy;
  }

  // A JWK (RFC 7517) with these further members, e.g. R"("kid":"a")".
  std::string jwk(std::string_view more = "") const {
    std::string text = "{";
    if (!more.empty()) text.append(more).append(",");
    if (kind_ == "RSA") {
      return text + R"("kty":"RSA","n":")" + base64url(modulus()) + R"(","e":")" +
             base64url(exponent()) + "\"}";
    }
    text += kind_ == "Ed25519" ? R"("kty":"OKP")" : R"("kty":"EC","y":")" + base64url(y()) + '"';
    return text + R"(,"crv":")" + kind_ + R"(","x":")" + base64url(x()) + "\"}";
  }

 private:
  SigningKey(EVP_PKEY* key, std::string kind) : key_(key, EVP_PKEY_free), kind_(std::move(kind)) {
    require(key != nullptr);
  }

  static void require(bool holds) {
    if (!holds) std::abort();
  }
  static bool is_pss(SignatureAlgorithm algorithm) {
    return algorithm >= SignatureAlgorithm::ps256 && algorithm <= SignatureAlgorithm::ps512;
  }
  static const char* digest(SignatureAlgorithm algorithm) {
    switch (algorithm) {
      case SignatureAlgorithm::rs256:
      case SignatureAlgorithm::ps256:
      case SignatureAlgorithm::es256: return "SHA256";
      case SignatureAlgorithm::rs512:
      case SignatureAlgorithm::ps512: return "SHA512";
      case SignatureAlgorithm::eddsa: return nullptr;
      default: return "SHA384";
    }
  }
  std::size_t size() const { return kind_ == "P-384" ? 48 : 32; }
  static std::string number(const BIGNUM* value, std::size_t size) {
    std::string bytes(size, '\0');
    auto* to = reinterpret_cast<unsigned char*>(bytes.data());
    require(BN_bn2binpad(value, to, static_cast<int>(size)) >= 0);
    return bytes;
  }
  std::string part(const char* name, std::size_t size = 0) const {
    BIGNUM* value = nullptr;
    require(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string bytes =
        number(value, size == 0 ? static_cast<std::size_t>(BN_num_bytes(value)) : size);
    BN_free(value);
    return bytes;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::string kind_;
  int salt_ = RSA_PSS_SALTLEN_DIGEST;
};

}  // namespace signet::crypto
