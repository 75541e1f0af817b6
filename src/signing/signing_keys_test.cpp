#include "signing/signing_keys.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/hex.h"

namespace signet::signing {
namespace {

const AccessKey kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

// A signature that tells signing keys apart.
crypto::Digest use(SigningKeys& keys, const AccessKey& key, std::string_view day = "20150830",
                   std::string_view region = "us-east-1", std::string_view service = "sagemaker") {
  return keys.key_for(key, day, region, service).of("text");
}

crypto::Digest derived_alone(const AccessKey& key) {
  return crypto::HmacSha256(derive_signing_key(key.secret, "20150830", "us-east-1", "sagemaker"))
      .of("text");
}

AccessKey key_of(int person) {
  return {"ASIA" + std::to_string(person), "secret" + std::to_string(person), "t"};
}

// AWS General Reference, "Examples of how to derive a signing key for Signature Version 4".
TEST(DeriveSigningKey, GivesThePublishedKey) {
  EXPECT_EQ(crypto::view(
                crypto::hex(derive_signing_key(kExample.secret, "20150830", "us-east-1", "iam"))),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigningKeys, AreDerivedOncePerDayRegionServiceAndKey) {
  SigningKeys keys;
  const crypto::Digest first = use(keys, kExample);
  EXPECT_EQ(first, derived_alone(kExample));
  EXPECT_EQ(use(keys, kExample), first);
  EXPECT_EQ(keys.derived(), 1U);
  EXPECT_NE(use(keys, kExample, "20150831"), first);
  EXPECT_NE(use(keys, kExample, "20150830", "eu-west-1"), first);
  EXPECT_NE(use(keys, kExample, "20150830", "us-east-1", "sts"), first);
  EXPECT_EQ(keys.derived(), 4U);
}

// A proxy that keeps its key by the date alone signs with yesterday's credentials until midnight.
TEST(SigningKeys, FollowARotationWithinTheDay) {
  SigningKeys keys;
  const AccessKey other_key{"AKIDROTATED", "another secret", ""};
  const AccessKey other_secret{kExample.id, "another secret", ""};
  for (const AccessKey& key : {kExample, other_key, kExample, other_secret, kExample}) {
    EXPECT_EQ(use(keys, key), derived_alone(key));
  }
  EXPECT_EQ(keys.derived(), 3U);
}

TEST(SigningKeys, DoNotConfuseFieldsThatRunIntoEachOther) {
  SigningKeys keys;
  const crypto::Digest first = use(keys, kExample, "20150830", "us-east-1", "s3");
  EXPECT_NE(use(keys, kExample, "20150830", "us-east-1s", "3"), first);
}

TEST(SigningKeys, StayBoundedAndRight) {
  SigningKeys keys(8);
  for (int round = 0; round < 2; ++round) {
    for (int person = 0; person < 100; ++person) {
      ASSERT_EQ(use(keys, key_of(person)), derived_alone(key_of(person)));
    }
  }
  // 8 places for 100 people in turn: everybody was pushed out before coming back.
  EXPECT_EQ(keys.derived(), 200U);
}

TEST(SigningKeys, PushOutTheLeastRecentlyUsed) {
  SigningKeys keys(4);
  for (const int person : {0, 1, 2, 3, 0, 4, 0})
    use(keys, key_of(person));
  EXPECT_EQ(keys.derived(), 5U);
  use(keys, key_of(1));
  EXPECT_EQ(keys.derived(), 6U);
}

}  // namespace
}  // namespace signet::signing
