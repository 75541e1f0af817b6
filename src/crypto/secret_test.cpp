#include "crypto/secret.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace signet::crypto {
namespace {

TEST(EqualConstantTime, ComparesBytesAndLengths) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "Secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_constant_time("", "s"));
}

TEST(Wipe, OverwritesTheBytesAndTheSpareCapacity) {
  std::array<std::byte, 4> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  wipe(bytes);
  for (const std::byte byte : bytes)
    EXPECT_EQ(byte, std::byte{0});

  std::string text(100, 's');
  text.resize(50);
  wipe(text);
  EXPECT_TRUE(text.empty());
  text.resize(100);
  EXPECT_EQ(text, std::string(100, '\0'));
}

TEST(SystemRandom, FillsEverythingAndNeverTwiceTheSame) {
  SystemRandom random;
  const std::string first = random_hex(random, 32);
  const std::string second = random_hex(random, 32);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_NE(first, second);
  EXPECT_EQ(random_hex(random, 0), "");
}

class Counting final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes)
      byte = std::byte(next_++);
  }

 private:
  unsigned char next_ = 0xfe;
};

TEST(Random, IsInjected) {
  Counting random;
  EXPECT_EQ(random_hex(random, 4), "feff0001");
}

}  // namespace
}  // namespace signet::crypto
