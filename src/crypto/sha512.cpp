#include "crypto/sha512.h"

#include <openssl/sha.h>

namespace signet::crypto {

namespace {

template <std::size_t size>
std::array<std::byte, size> digest_of(std::string_view text,
                                      unsigned char* (*function)(const unsigned char*, std::size_t,
                                                                 unsigned char*)) {
  std::array<std::byte, size> digest;
  function(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

std::array<std::byte, 48> sha384(std::string_view text) {
  return digest_of<48>(text, SHA384);
}

std::array<std::byte, 64> sha512(std::string_view text) {
  return digest_of<64>(text, SHA512);
}

}  // namespace signet::crypto
