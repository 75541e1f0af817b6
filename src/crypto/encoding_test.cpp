#include <string>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "crypto/hex.h"

namespace signet::crypto {
namespace {

std::string every_byte() {
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(Hex, IsLowerCaseAndReadsBothCases) {
  EXPECT_EQ(hex(std::as_bytes(std::span(std::string_view("\x00\x7f\xab\xff", 4)))), "007fabff");
  EXPECT_EQ(from_hex("007FabFF"), std::string("\x00\x7f\xab\xff", 4));
  EXPECT_EQ(from_hex(""), "");
  const std::string bytes = every_byte();
  EXPECT_EQ(from_hex(hex(std::as_bytes(std::span(bytes)))), bytes);
}

TEST(Hex, RefusesWhatIsNotHex) {
  for (const std::string_view text : {"0", "abc", "0g", "g0", " 0", "0x", "ab\n"}) {
    EXPECT_EQ(from_hex(text), std::nullopt) << text;
  }
}

struct Pair {
  std::string_view bytes;
  std::string_view text;
};

// RFC 4648 §10.
constexpr Pair kExamples[] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};

TEST(Base64, GivesThePublishedTexts) {
  for (const Pair& pair : kExamples) {
    EXPECT_EQ(base64(pair.bytes), pair.text);
    EXPECT_EQ(from_base64(pair.text), pair.bytes);
    const std::string_view bare = pair.text.substr(0, pair.text.find('='));
    EXPECT_EQ(base64url(pair.bytes), bare);
    EXPECT_EQ(from_base64url(bare), pair.bytes);
  }
}

TEST(Base64, CarriesEveryByteAtEveryLength) {
  const std::string bytes = every_byte();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view part = std::string_view(bytes).substr(bytes.size() - size);
    EXPECT_EQ(from_base64(base64(part)), part);
    EXPECT_EQ(from_base64url(base64url(part)), part);
  }
}

TEST(Base64, KeepsTheTwoAlphabetsApart) {
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64("-_8="), std::nullopt);
  EXPECT_EQ(from_base64url("+/8"), std::nullopt);
}

TEST(Base64, AcceptsOneSpellingOnly) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Z===", "====", "=", "Zh==", "Zm9=", "Zm9v\n", "Zm 9v", "Zm9vZ", "Zg==Zg=="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
  for (const std::string_view text : {"Zg==", "Z", "Zh", "Zm9", "Zm9vZ", "Zm9v\n"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signet::crypto
