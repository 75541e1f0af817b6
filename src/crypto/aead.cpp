#include "crypto/aead.h"

#include <limits>
#include <new>
#include <stdexcept>

#include <openssl/evp.h>

namespace signet::crypto {

namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

unsigned char* bytes(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}
const unsigned char* bytes(const char* text) {
  return reinterpret_cast<const unsigned char*>(text);
}
const unsigned char* bytes(const std::byte* text) {
  return reinterpret_cast<const unsigned char*>(text);
}

// Fetched once: a fetch takes a lock.
const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (kCipher == nullptr) throw std::runtime_error("OpenSSL has no AES-256-GCM");
  return kCipher;
}

Context keyed(std::span<const std::byte, kAeadKeyBytes> key, int encrypt) {
  Context context(EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  if (EVP_CipherInit_ex2(context.get(), aes_256_gcm(), bytes(key.data()), nullptr, encrypt,
                         nullptr) != 1) {
    throw std::runtime_error("OpenSSL refused a key of AES-256-GCM");
  }
  return context;
}

bool fits(std::string_view text) {
  return text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max() / 2);
}

int length(std::string_view text) {
  return static_cast<int>(text.size());
}

}  // namespace

struct Aead::Contexts {
  Context seal;
  Context open;
};

Aead::Aead(std::span<const std::byte, kAeadKeyBytes> key)
    : contexts_(std::make_unique<Contexts>(keyed(key, 1), keyed(key, 0))) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

std::string Aead::seal(const AeadNonce& nonce, std::string_view associated,
                       std::string_view plain) {
  if (!fits(plain) || !fits(associated)) throw std::length_error("too much to seal");
  EVP_CIPHER_CTX* context = contexts_->seal.get();
  std::string sealed(plain.size() + kAeadTagBytes, '\0');
  char* const tag = sealed.data() + plain.size();
  int done = 0;
  const bool good =
      EVP_EncryptInit_ex2(context, nullptr, nullptr, bytes(nonce.data()), nullptr) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &done, bytes(associated.data()), length(associated)) ==
          1 &&
      EVP_EncryptUpdate(context, bytes(sealed.data()), &done, bytes(plain.data()), length(plain)) ==
          1 &&
      EVP_EncryptFinal_ex(context, bytes(tag), &done) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kAeadTagBytes, tag) == 1;
  if (!good) throw std::runtime_error("OpenSSL could not seal");
  return sealed;
}

std::optional<std::string> Aead::open(const AeadNonce& nonce, std::string_view associated,
                                      std::string_view sealed) {
  if (sealed.size() < kAeadTagBytes || !fits(sealed) || !fits(associated)) return std::nullopt;
  EVP_CIPHER_CTX* context = contexts_->open.get();
  const std::string_view cipher = sealed.substr(0, sealed.size() - kAeadTagBytes);
  std::array<char, kAeadTagBytes> tag;
  sealed.copy(tag.data(), tag.size(), cipher.size());
  std::string plain(cipher.size(), '\0');
  int done = 0;
  const bool good =
      EVP_DecryptInit_ex2(context, nullptr, nullptr, bytes(nonce.data()), nullptr) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &done, bytes(associated.data()), length(associated)) ==
          1 &&
      EVP_DecryptUpdate(context, bytes(plain.data()), &done, bytes(cipher.data()),
                        length(cipher)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kAeadTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context, bytes(plain.data() + plain.size()), &done) == 1;
  if (!good) return std::nullopt;
  return plain;
}

}  // namespace signet::crypto
