#include <array>
#include <string>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/public_key.h"

namespace signet::crypto {

namespace {

constexpr std::size_t kMaxPem = 16 << 10;

struct FreePkey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, FreePkey>;

// An encrypted block would have OpenSSL ask the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Pkey read(std::string_view pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  if (bio == nullptr) return nullptr;
  Pkey key(PEM_read_bio_PUBKEY(bio, nullptr, no_passphrase, nullptr));
  BIO_free(bio);
  return key;
}

// A number of the key as big-endian bytes: `size` of them, or as many as it needs.
std::string number(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &value) != 1) return {};
  if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(value));
  std::string bytes(size, '\0');
  auto* to = reinterpret_cast<unsigned char*>(bytes.data());
  if (BN_bn2binpad(value, to, static_cast<int>(size)) < 0) bytes.clear();
  BN_free(value);
  return bytes;
}

std::string curve(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return {};
  return {name.data(), size};
}

// Taken apart and put together again, so that the rules are in one place.
std::expected<PublicKey, PublicKeyError> rebuilt(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return PublicKey::rsa(number(key, OSSL_PKEY_PARAM_RSA_N), number(key, OSSL_PKEY_PARAM_RSA_E));
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    std::string x(32, '\0');
    std::size_t size = x.size();
    auto* to = reinterpret_cast<unsigned char*>(x.data());
    if (EVP_PKEY_get_raw_public_key(key, to, &size) != 1) x.clear();
    return PublicKey::ed25519(x);
  }
  const std::string group = EVP_PKEY_is_a(key, "EC") == 1 ? curve(key) : std::string();
  const auto coordinates = [&](std::size_t size, auto make) {
    return make(number(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
                number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
  };
  if (group == "prime256v1") return coordinates(32, PublicKey::p256);
  if (group == "secp384r1") return coordinates(48, PublicKey::p384);
  return std::unexpected(PublicKeyError::unsupported_type);
}

}  // namespace

std::expected<PublicKey, PublicKeyError> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > kMaxPem) return std::unexpected(PublicKeyError::not_pem);
  const Pkey key = read(pem);
  auto made = key ? rebuilt(key.get()) : std::unexpected(PublicKeyError::not_pem);
  ERR_clear_error();
  return made;
}

}  // namespace signet::crypto
