#include "signing/sigv4.h"

#include <vector>

#include <gtest/gtest.h>

#include "signing/payload_hash.h"

namespace signet::signing {
namespace {

const AccessKey kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const AmzDate kDate(1440938160);

// The worked example of AWS's page on creating a signed request, all steps.
TEST(Signer, GivesThePublishedTextsOfListUsers) {
  const std::vector<SignedHeader> headers{
      {"host", "iam.amazonaws.com"},
      {"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"x-amz-date", kDate.text()}};
  const Signable request{"GET", "/", "Action=ListUsers&Version=2010-05-08", headers, kEmptyPayload};
  Signer signer;
  const Signature signature =
      signer.sign(request, kExample, how_to_sign("iam", "us-east-1"), kDate);
  EXPECT_EQ(signature.canonical_request,
            "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
            "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
            "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
            "content-type;host;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(signature.string_to_sign,
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  EXPECT_EQ(signature.authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

struct Published {
  std::string_view name;
  Signable request;
  std::string_view signature;
};

const std::vector<SignedHeader> kHost{{"host", "example.amazonaws.com"},
                                      {"x-amz-date", "20150830T123600Z"}};

// Cases of AWS's SigV4 test suite; tests/vectors has the whole table.
const Published kPublished[] = {
    {"get-vanilla",
     {"GET", "/", "", kHost, kEmptyPayload},
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     {"GET", "/", "Param2=value2&Param1=value1", kHost, kEmptyPayload},
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-utf8",
     {"GET", "/\u1234", "", kHost, kEmptyPayload},
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space",
     {"GET", "/example space/", "", kHost, kEmptyPayload},
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"post-vanilla",
     {"POST", "/", "", kHost, kEmptyPayload},
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
};

TEST(Signer, GivesThePublishedSignatures) {
  const HowToSign how = how_to_sign("service", "us-east-1");
  Signer signer;
  for (const Published& published : kPublished) {
    const Signature signature = signer.sign(published.request, kExample, how, kDate);
    EXPECT_TRUE(signature.authorization.ends_with(published.signature)) << published.name;
  }
}

// hostile-inputs: credentials replaced within a day, and two services signed in turn, on one
// signer.
TEST(Signer, DependsOnNothingThatWasSignedBefore) {
  const Signable request{"GET", "/a%20b", "", kHost, kEmptyPayload};
  const AccessKey rotated{"AKIDROTATED", "another secret", ""};
  const HowToSign sagemaker = how_to_sign("sagemaker", "us-east-1");
  const HowToSign s3 = how_to_sign("s3", "us-east-1");
  const auto alone = [&request](const AccessKey& key, const HowToSign& how) {
    Signer fresh;
    return std::string(fresh.sign(request, key, how, kDate).authorization);
  };
  Signer signer;
  for (int round = 0; round < 2; ++round) {
    for (const AccessKey& key : {kExample, rotated}) {
      for (const HowToSign& how : {sagemaker, s3}) {
        EXPECT_EQ(signer.sign(request, key, how, kDate).authorization, alone(key, how));
      }
    }
  }
  EXPECT_EQ(signer.keys().derived(), 4U);
}

TEST(Signer, ChangesKeysAtMidnightUtc) {
  const Signable request{"GET", "/", "", kHost, kEmptyPayload};
  const HowToSign how = how_to_sign("sagemaker", "us-east-1");
  Signer signer;
  const AmzDate before(1440979199);
  const AmzDate after(1440979200);
  EXPECT_TRUE(
      signer.sign(request, kExample, how, before).authorization.contains("/20150830/us-east-1/"));
  EXPECT_TRUE(
      signer.sign(request, kExample, how, after).authorization.contains("/20150831/us-east-1/"));
  EXPECT_EQ(signer.keys().derived(), 2U);
}

TEST(HowToSign, KnowsTheFamilyThatEncodesOnce) {
  EXPECT_EQ(how_to_sign("s3", "us-east-1").path_encoding, PathEncoding::kOnce);
  EXPECT_EQ(how_to_sign("s3express", "us-east-1").path_encoding, PathEncoding::kOnce);
  EXPECT_EQ(how_to_sign("sagemaker", "us-east-1").path_encoding, PathEncoding::kTwice);
  EXPECT_EQ(how_to_sign("s3x", "us-east-1").path_encoding, PathEncoding::kTwice);
}

}  // namespace
}  // namespace signet::signing
