#include "crypto/public_key.h"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "crypto/hex.h"
#include "crypto/signing_key_for_tests.h"

namespace signet::crypto {
namespace {

using enum SignatureAlgorithm;

constexpr std::string_view kData = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ";

// The orders of the curves (FIPS 186-4 D.1.2.3, D.1.2.4).
const std::string kOrder256 =
    *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const std::string kOrder384 = *from_hex(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc529"
    "73");

const SigningKey& rsa_key() {
  static const SigningKey kKey = SigningKey::rsa();
  return kKey;
}
const SigningKey& p256_key() {
  static const SigningKey kKey = SigningKey::elliptic("P-256");
  return kKey;
}
const SigningKey& p384_key() {
  static const SigningKey kKey = SigningKey::elliptic("P-384");
  return kKey;
}
const SigningKey& ed25519_key() {
  static const SigningKey kKey = SigningKey::ed25519();
  return kKey;
}

const SigningKey& key_for(SignatureAlgorithm algorithm) {
  switch (key_type(algorithm)) {
    case KeyType::rsa: return rsa_key();
    case KeyType::p256: return p256_key();
    case KeyType::p384: return p384_key();
    case KeyType::ed25519: break;
  }
  return ed25519_key();
}

std::vector<SignatureAlgorithm> all() {
  std::vector<SignatureAlgorithm> algorithms;
  for (std::size_t i = 0; i < kSignatureAlgorithms; ++i)
    algorithms.push_back(static_cast<SignatureAlgorithm>(i));
  return algorithms;
}

TEST(PublicKey, VerifiesItsOwnAlgorithmsAndNoOther) {
  for (const SignatureAlgorithm signed_with : all()) {
    const SigningKey& key = key_for(signed_with);
    const std::string signature = key.sign(signed_with, kData);
    for (const SignatureAlgorithm algorithm : all()) {
      for (const SigningKey* other : {&rsa_key(), &p256_key(), &p384_key(), &ed25519_key()}) {
        EXPECT_EQ(other->public_key().verify(algorithm, kData, signature),
                  algorithm == signed_with && other == &key)
            << static_cast<int>(signed_with) << ' ' << static_cast<int>(algorithm);
      }
    }
  }
}

TEST(PublicKey, EveryChangeIsSeen) {
  for (const SignatureAlgorithm algorithm : all()) {
    const PublicKey key = key_for(algorithm).public_key();
    const std::string good = key_for(algorithm).sign(algorithm, kData);
    ASSERT_TRUE(key.verify(algorithm, kData, good));
    for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(key.verify(algorithm, kData, bad)) << static_cast<int>(algorithm) << ' ' << bit;
    }
    const std::string zero(1, '\0');
    for (const std::string& bad :
         {std::string(), zero + good, good + zero, good + good, good.substr(1),
          good.substr(0, good.size() - 1), std::string(good.size(), '\0'),
          std::string(good.size(), '\xFF'), std::string(1 << 20, 'a')}) {
      EXPECT_FALSE(key.verify(algorithm, kData, bad)) << static_cast<int>(algorithm);
    }
    EXPECT_FALSE(key.verify(algorithm, std::string(kData) + "x", good));
    EXPECT_FALSE(key.verify(algorithm, "", good));
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

TEST(PublicKey, EcdsaIsNeverDerAndItsNumbersAreInRange) {
  struct Row {
    SignatureAlgorithm algorithm;
    std::string order;
  };
  for (const auto& [algorithm, order] : {Row{es256, kOrder256}, Row{es384, kOrder384}}) {
    const SigningKey& issuer = key_for(algorithm);
    const PublicKey key = issuer.public_key();
    EXPECT_FALSE(key.verify(algorithm, kData, issuer.sign_as_openssl_does(algorithm, kData)));

    const std::string good = issuer.sign(algorithm, kData);
    const std::size_t half = good.size() / 2;
    const std::string r = good.substr(0, half);
    const std::string s = good.substr(half);
    const std::string zero(half, '\0');
    std::string one = zero;
    one.back() = 1;
    // CVE-2022-21449 and its neighbours.
    for (const std::string& a : {zero, one, order, std::string(half, '\xFF'), r}) {
      for (const std::string& b : {zero, one, order, std::string(half, '\xFF'), s}) {
        EXPECT_EQ(key.verify(algorithm, kData, a + b), a == r && b == s);
      }
    }
    // The same numbers, longer.
    std::string longer(1, '\0');
    longer.append(r).append(1, '\0').append(s);
    EXPECT_FALSE(key.verify(algorithm, kData, longer));
  }
}

TEST(PublicKey, PssHasASaltOfTheDigestsLength) {
  SigningKey issuer = rsa_key();
  const PublicKey key = issuer.public_key();
  for (const int salt : {0, 20, 31, 33, 64}) {
    issuer.set_salt(salt);
    EXPECT_FALSE(key.verify(ps256, kData, issuer.sign(ps256, kData))) << salt;
  }
  issuer.set_salt(32);
  EXPECT_TRUE(key.verify(ps256, kData, issuer.sign(ps256, kData)));
}

TEST(PublicKey, RefusesWeakRsaKeys) {
  const std::string n = rsa_key().modulus();
  const std::string e("\x01\x00\x01", 3);
  const std::string zero(1, '\0');
  std::string even = n;
  even.back() = static_cast<char>(even.back() & ~1);
  struct Row {
    std::string modulus;
    std::string exponent;
    PublicKeyError error;
  };
  const std::vector<Row> rows{
      {"", e, PublicKeyError::modulus_size},
      {zero, e, PublicKeyError::modulus_size},
      {std::string(1, 35), e, PublicKeyError::modulus_size},
      {std::string(64, '\xFF'), e, PublicKeyError::modulus_size},
      {std::string(128, '\xFF'), e, PublicKeyError::modulus_size},
      // 2047 bits, and so with leading zeros.
      {"\x7F" + std::string(255, '\xFF'), e, PublicKeyError::modulus_size},
      {std::string(200, '\0') + std::string(128, '\xFF'), e, PublicKeyError::modulus_size},
      {std::string(1025, '\xFF'), e, PublicKeyError::modulus_size},
      {std::string(1 << 20, '\xFF'), e, PublicKeyError::modulus_size},
      {even, e, PublicKeyError::modulus_size},
      {n, "", PublicKeyError::exponent},
      {n, zero, PublicKeyError::exponent},
      {n, "\x01", PublicKeyError::exponent},
      {n, "\x03", PublicKeyError::exponent},
      {n, "\x11", PublicKeyError::exponent},
      {n, "\xFF\xFF", PublicKeyError::exponent},
      {n, e.substr(0, 2) + "\x02", PublicKeyError::exponent},
      {n, "\x01" + std::string(3, '\0') + "\x01", PublicKeyError::exponent},
      {n, std::string(256, '\xFF'), PublicKeyError::exponent},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto made = PublicKey::rsa(rows[i].modulus, rows[i].exponent);
    ASSERT_FALSE(made) << i;
    EXPECT_EQ(made.error(), rows[i].error) << i << ' ' << describe(made.error());
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
  // Libraries have been seen to send a leading zero (RFC 7518 §6.3.1.1).
  const auto padded = PublicKey::rsa(zero + n, zero + e);
  ASSERT_TRUE(padded);
  EXPECT_TRUE(padded->verify(rs256, kData, rsa_key().sign(rs256, kData)));
  EXPECT_TRUE(PublicKey::rsa(std::string(1024, '\xFF'), "\xFF\xFF\xFF\xFF"));
}

TEST(PublicKey, RefusesPointsThatAreNotOnTheCurve) {
  const std::string x = p256_key().x();
  const std::string y = p256_key().y();
  const std::string zero(32, '\0');
  struct Row {
    std::string x;
    std::string y;
    PublicKeyError error;
  };
  const std::vector<Row> rows{
      {"", "", PublicKeyError::coordinate_size},
      {x, "", PublicKeyError::coordinate_size},
      {x.substr(1), y, PublicKeyError::coordinate_size},
      {std::string(1, '\0') + x, y, PublicKeyError::coordinate_size},
      {p384_key().x(), p384_key().y(), PublicKeyError::coordinate_size},
      {zero, zero, PublicKeyError::not_on_curve},
      {y, x, PublicKeyError::not_on_curve},
      {x, x, PublicKeyError::not_on_curve},
      {std::string(32, '\xFF'), std::string(32, '\xFF'), PublicKeyError::not_on_curve},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto made = PublicKey::p256(rows[i].x, rows[i].y);
    ASSERT_FALSE(made) << i;
    EXPECT_EQ(made.error(), rows[i].error) << i;
  }
  EXPECT_FALSE(PublicKey::p384(x, y));
  EXPECT_FALSE(PublicKey::p384(std::string(48, '\1'), std::string(48, '\1')));
  EXPECT_FALSE(PublicKey::ed25519(std::string(31, 'a')));
  EXPECT_FALSE(PublicKey::ed25519(std::string(33, 'a')));
  EXPECT_FALSE(PublicKey::ed25519(""));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKey, ReadsPem) {
  for (const SignatureAlgorithm algorithm : {rs256, es256, es384, eddsa}) {
    const SigningKey& issuer = key_for(algorithm);
    const auto key = PublicKey::from_pem(issuer.pem());
    ASSERT_TRUE(key) << describe(key.error());
    EXPECT_EQ(key->type(), key_type(algorithm));
    EXPECT_TRUE(key->verify(algorithm, kData, issuer.sign(algorithm, kData)));
  }
  struct Row {
    std::string pem;
    PublicKeyError error;
  };
  const std::vector<Row> rows{
      {"", PublicKeyError::not_pem},
      {"-----BEGIN PUBLIC KEY-----\n", PublicKeyError::not_pem},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", PublicKeyError::not_pem},
      {"-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
       "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n",
       PublicKeyError::not_pem},
      {std::string(1 << 20, ' '), PublicKeyError::not_pem},
      {SigningKey::rsa(1024).pem(), PublicKeyError::modulus_size},
      {SigningKey::rsa(2048, 3).pem(), PublicKeyError::exponent},
      {SigningKey::elliptic("P-521").pem(), PublicKeyError::unsupported_type},
      {SigningKey::elliptic("secp256k1").pem(), PublicKeyError::unsupported_type},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto made = PublicKey::from_pem(rows[i].pem);
    ASSERT_FALSE(made) << i;
    EXPECT_EQ(made.error(), rows[i].error) << i << ' ' << describe(made.error());
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKey, CopiesWorkInSeveralThreads) {
  for (const SignatureAlgorithm algorithm : all()) {
    const PublicKey key = key_for(algorithm).public_key();
    const std::string good = key_for(algorithm).sign(algorithm, kData);
    std::array<int, 4> verified{};
    std::vector<std::thread> threads;
    for (int& count : verified) {
      threads.emplace_back([&count, key, &good, algorithm] {
        for (int i = 0; i < 50; ++i)
          count += key.verify(algorithm, kData, good) && !key.verify(algorithm, "x", good) ? 1 : 0;
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    for (const int count : verified)
      EXPECT_EQ(count, 50);
  }
}

}  // namespace
}  // namespace signet::crypto
