#include "crypto/sha256.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/hex.h"

namespace signet::crypto {
namespace {

std::string hex_of(std::string_view text) {
  return std::string(view(hex(Sha256::of(text))));
}

struct Example {
  std::string text;
  std::string_view digest;
};

// FIPS 180-4's examples as NIST publishes them.
const Example kExamples[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {std::string(1'000'000, 'a'),
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

TEST(Sha256, GivesThePublishedDigests) {
  for (const Example& example : kExamples)
    EXPECT_EQ(hex_of(example.text), example.digest);
}

TEST(Sha256, IsTheSameHoweverTheTextIsCut) {
  const std::string& text = kExamples[2].text;
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += size) {
      hash.update(std::string_view(text).substr(at, size));
    }
    EXPECT_EQ(view(hex(hash.finish())), kExamples[2].digest) << "pieces of " << size;
  }
}

TEST(Sha256, StartsAnewAfterFinishAndAfterReset) {
  Sha256 hash;
  hash.update("something else");
  hash.finish();
  hash.update("abc");
  EXPECT_EQ(hash.finish(), Sha256::of("abc"));
  hash.update("something else");
  hash.reset();
  EXPECT_EQ(hash.finish(), Sha256::of(""));
}

TEST(Sha256, GoesOnInACopy) {
  Sha256 first;
  first.update("ab");
  Sha256 second = first;
  second.update("c");
  first.update("x");
  EXPECT_EQ(second.finish(), Sha256::of("abc"));
  EXPECT_EQ(first.finish(), Sha256::of("abx"));
}

}  // namespace
}  // namespace signet::crypto
