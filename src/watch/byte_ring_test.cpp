#include "watch/byte_ring.h"

#include <deque>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace signet::watch {
namespace {

TEST(ByteRing, WholeTextsInOrderUntilFull) {
  ByteRing ring(16);
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.push("0123456789"));
  EXPECT_FALSE(ring.push("abcdefg"));
  EXPECT_TRUE(ring.push("abcdef"));
  EXPECT_FALSE(ring.push("!"));
  EXPECT_TRUE(ring.push(""));
  std::string out = "> ";
  EXPECT_EQ(ring.pop(out), 16u);
  EXPECT_EQ(out, "> 0123456789abcdef");
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.pop(out), 0u);
  EXPECT_FALSE(ring.push(std::string(17, 'x')));
  EXPECT_TRUE(ring.push(std::string(16, 'x')));
}

TEST(ByteRing, WrapsAtEveryOffset) {
  ByteRing ring(8);
  for (int i = 0; i < 100; ++i) {
    std::string text(static_cast<std::size_t>(1 + i % 7), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(ring.push(text));
    std::string out;
    ring.pop(out);
    EXPECT_EQ(out, text);
  }
}

TEST(ByteRing, TwoThreads) {
  ByteRing ring(1024);
  constexpr int kLines = 100'000;
  int dropped = 0;
  std::thread producer([&] {
    for (int i = 0; i < kLines; ++i) {
      std::string line = fmt::format("{:x}\n", i);
      while (!ring.push(line)) {
        ++dropped;
        std::this_thread::yield();
      }
    }
  });
  int seen = 0;
  while (seen < kLines) {
    std::string piece;
    if (ring.pop(piece) == 0) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_TRUE(piece.ends_with('\n'));
    std::size_t at = 0;
    while (at < piece.size()) {
      std::size_t end = piece.find('\n', at);
      ASSERT_EQ(piece.substr(at, end - at), fmt::format("{:x}", seen));
      ++seen;
      at = end + 1;
    }
  }
  producer.join();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace signet::watch
