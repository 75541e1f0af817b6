#include "crypto/hmac_sha256.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/hex.h"

namespace signet::crypto {
namespace {

struct Example {
  std::string_view name;
  std::string key;
  std::string text;
  std::string_view mac;
};

// RFC 4231 §4.2–4.8 (§4.6 is about truncation), and keys around the block's length.
const Example kExamples[] = {
    {"4.2", std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4.3", "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"4.4", std::string(20, '\xaa'), std::string(50, '\xdd'),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"4.7", std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"4.8", std::string(131, '\xaa'),
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    {"empty", "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

TEST(HmacSha256, GivesThePublishedMacs) {
  for (const Example& example : kExamples) {
    EXPECT_EQ(view(hex(HmacSha256(example.key).of(example.text))), example.mac) << example.name;
  }
}

TEST(HmacSha256, TakesAKeyOfExactlyOneBlockAsItIs) {
  const std::string block(kSha256BlockBytes, 'k');
  // A shorter key is filled with zeros; a longer one is hashed first.
  EXPECT_EQ(HmacSha256("k").of("text"), HmacSha256(std::string("k\0\0", 3)).of("text"));
  EXPECT_NE(HmacSha256(block).of("text"), HmacSha256(block + '\0').of("text"));
}

TEST(HmacSha256, IsTheSameEveryTime) {
  const HmacSha256 hmac("key");
  const Digest first = hmac.of("text");
  hmac.of("another text");
  EXPECT_EQ(hmac.of("text"), first);
  HmacSha256 copy("another key");
  copy = hmac;
  EXPECT_EQ(copy.of("text"), first);
}

}  // namespace
}  // namespace signet::crypto
