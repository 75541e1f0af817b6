#include "crypto/aead.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/hex.h"

namespace signet::crypto {
namespace {

std::array<std::byte, kAeadKeyBytes> key_of(std::string_view hex) {
  std::array<std::byte, kAeadKeyBytes> key{};
  const std::string bytes = *from_hex(hex);
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(bytes.at(i));
  return key;
}

AeadNonce nonce_of(std::string_view hex) {
  AeadNonce nonce{};
  const std::string bytes = *from_hex(hex);
  for (std::size_t i = 0; i < nonce.size(); ++i)
    nonce[i] = static_cast<std::byte>(bytes.at(i));
  return nonce;
}

constexpr std::string_view kKey =
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";

// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B.
TEST(Aead, PublishedCase) {
  Aead aead(key_of(kKey));
  const AeadNonce nonce = nonce_of("cafebabefacedbaddecaf888");
  const std::string plain = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39");
  const std::string associated = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string sealed = aead.seal(nonce, associated, plain);
  EXPECT_EQ(
      hex(std::as_bytes(std::span(sealed))),
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056"
      "828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(aead.open(nonce, associated, sealed), plain);
}

TEST(Aead, AnyChangeIsSeen) {
  Aead aead(key_of(kKey));
  Aead other(key_of("00ffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const AeadNonce nonce = nonce_of("cafebabefacedbaddecaf888");
  for (const std::string& plain : {std::string(), std::string("x"), std::string(5000, 'y')}) {
    const std::string sealed = aead.seal(nonce, "for this", plain);
    EXPECT_EQ(sealed.size(), plain.size() + kAeadTagBytes);
    EXPECT_EQ(aead.open(nonce, "for this", sealed), plain);
    EXPECT_EQ(aead.open(nonce, "for that", sealed), std::nullopt);
    EXPECT_EQ(aead.open(nonce_of("cafebabefacedbaddecaf889"), "for this", sealed), std::nullopt);
    EXPECT_EQ(other.open(nonce, "for this", sealed), std::nullopt);
    EXPECT_EQ(aead.open(nonce, "for this", sealed + "z"), std::nullopt);
    EXPECT_EQ(aead.open(nonce, "for this", sealed.substr(1)), std::nullopt);
    for (std::size_t i = 0; i < std::min<std::size_t>(sealed.size(), 40); ++i) {
      std::string changed = sealed;
      changed[sealed.size() - 1 - i] ^= 1;
      EXPECT_EQ(aead.open(nonce, "for this", changed), std::nullopt) << i;
    }
    for (std::size_t size = 0; size < std::min<std::size_t>(sealed.size(), 20); ++size) {
      EXPECT_EQ(aead.open(nonce, "for this", sealed.substr(0, size)), std::nullopt);
    }
  }
}

}  // namespace
}  // namespace signet::crypto
