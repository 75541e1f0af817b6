#include "signing/request_signer.h"

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "signing/payload_hash.h"

namespace {
std::size_t allocations = 0;
}  // namespace

// Counts every allocation of this test program.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace signet::signing {
namespace {

constexpr std::int64_t kNow = 1440938160;
const AccessKey kTemporary{"ASIAEXAMPLE", "secret", "the session's token"};
const AccessKey kLongLived{"AKIAEXAMPLE", "secret", ""};
const HowToSign kSageMaker = how_to_sign("sagemaker", "eu-west-1");

const std::vector<SignedHeader> kHeaders{
    {"host", "mlflow.sagemaker.eu-west-1.app.aws"},
    {"user-agent", "mlflow-python-client/3.10.1"},
    {"accept", "*/*"},
    {"content-type", "application/json"},
    {"content-length", "2"},
    {"x-mlflow-client-version", "3.10.1"},
    {kAppArnHeader, "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A"},
};

Outbound outbound(std::span<const SignedHeader> headers) {
  return {"POST", "/api/2.0/mlflow/runs/create", "", headers, kEmptyPayload};
}

std::string signed_headers(const RequestSigner& signer) {
  const std::string_view text = signer.last().authorization;
  const std::size_t begin = text.find("SignedHeaders=") + 14;
  return std::string(text.substr(begin, text.find(',', begin) - begin));
}

std::vector<std::string> names(std::span<const SignedHeader> headers) {
  std::vector<std::string> names;
  for (const SignedHeader& header : headers)
    names.emplace_back(header.name);
  return names;
}

TEST(RequestSigner, SignsOnlyWhatNobodyOnTheWayTouches) {
  RequestSigner signer;
  signer.sign(outbound(kHeaders), kTemporary, kSageMaker, kNow);
  EXPECT_EQ(signed_headers(signer),
            "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;"
            "x-sm-mlflow-app-arn");
}

TEST(RequestSigner, NamesTheHeadersToAdd) {
  RequestSigner signer;
  const auto added = signer.sign(outbound(kHeaders), kTemporary, kSageMaker, kNow);
  EXPECT_EQ(names(added), (std::vector<std::string>{"x-amz-date", "x-amz-content-sha256",
                                                    "x-amz-security-token", "authorization"}));
  EXPECT_EQ(added[0].value, "20150830T123600Z");
  EXPECT_EQ(added[1].value, kEmptyPayload);
  EXPECT_EQ(added[2].value, kTemporary.token);
  EXPECT_EQ(added[3].value, signer.last().authorization);
  for (const SignedHeader& header : added)
    EXPECT_TRUE(RequestSigner::adds(header.name));
}

TEST(RequestSigner, AddsNoTokenForLongLivedKeys) {
  RequestSigner signer;
  signer.sign(outbound(kHeaders), kTemporary, kSageMaker, kNow);
  EXPECT_EQ(names(signer.sign(outbound(kHeaders), kLongLived, kSageMaker, kNow)),
            (std::vector<std::string>{"x-amz-date", "x-amz-content-sha256", "authorization"}));
  EXPECT_FALSE(signed_headers(signer).contains("x-amz-security-token"));
}

TEST(RequestSigner, TrustsNoneOfItsOwnHeadersInTheRequest) {
  RequestSigner signer;
  signer.sign(outbound(kHeaders), kLongLived, kSageMaker, kNow);
  const std::string alone(signer.last().authorization);
  std::vector<SignedHeader> spoofed = kHeaders;
  spoofed.push_back({"x-amz-date", "20000101T000000Z"});
  spoofed.push_back({"x-amz-content-sha256", kUnsignedPayload});
  spoofed.push_back({"x-amz-security-token", "theirs"});
  spoofed.push_back({"authorization", "AWS4-HMAC-SHA256 theirs"});
  signer.sign(outbound(spoofed), kLongLived, kSageMaker, kNow);
  EXPECT_EQ(signer.last().authorization, alone);
}

TEST(RequestSigner, SaysForThePayloadWhatTheOriginWants) {
  RequestSigner signer;
  HowToSign how = how_to_sign("s3", "eu-west-1");
  for (const auto& [payload, text] : {std::pair{PayloadSigning::kHashed, kEmptyPayload},
                                      std::pair{PayloadSigning::kUnsigned, kUnsignedPayload},
                                      std::pair{PayloadSigning::kStreamed, kStreamedPayload}}) {
    how.payload = payload;
    EXPECT_EQ(signer.sign(outbound(kHeaders), kLongLived, how, kNow)[1].value, text);
    EXPECT_TRUE(signer.last().canonical_request.ends_with(text));
  }
}

TEST(RequestSigner, AllocatesNothingInTheSteadyState) {
  const AccessKey key{"ASIAEXAMPLE", "secret", std::string(900, 't')};
  const std::string query = "max_results=100&filter=a%20%3D%20'b'&run_id=2&run_id=1";
  Outbound request = outbound(kHeaders);
  request.query = query;
  RequestSigner signer;
  for (int i = 0; i < 3; ++i)
    signer.sign(request, key, kSageMaker, kNow + i);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i)
    signer.sign(request, key, kSageMaker, kNow + i);
  EXPECT_EQ(allocations, before);
}

TEST(PayloadHash, HashesInPiecesAndStartsAnew) {
  PayloadHash hash;
  EXPECT_EQ(crypto::view(hash.finish()), kEmptyPayload);
  hash.update("Param1=");
  hash.update("value1");
  EXPECT_EQ(crypto::view(hash.finish()),
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e");
  hash.update("given up");
  hash.reset();
  EXPECT_EQ(crypto::view(hash.finish()), kEmptyPayload);
}

}  // namespace
}  // namespace signet::signing
