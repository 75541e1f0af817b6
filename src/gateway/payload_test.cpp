#include "gateway/payload.h"

#include <fstream>

#include <gtest/gtest.h>

#include "crypto/hex.h"
#include "gateway/scripted_spool.h"
#include "signing/payload_hash.h"

namespace signet::gateway {
namespace {

constexpr std::size_t kKiB = 1024;

std::string hash_of(std::string_view text) {
  return std::string(crypto::view(crypto::hex(crypto::Sha256::of(text))));
}

struct Shape {
  std::size_t size;
  std::size_t piece;
  bool announced;
  bool waits;
};

// Sends one body through a payload and compares what comes out.
void check_passage(const Shape& shape, std::size_t read_max) {
  SCOPED_TRACE(testing::Message() << shape.size << " bytes in pieces of " << shape.piece
                                  << (shape.announced ? ", announced" : "")
                                  << (shape.waits ? ", slowly" : ""));
  SpoolBench bench;
  const std::string content = content_of(shape.size);
  ScriptedBody body(bench.loop, content, shape.piece);
  body.waits = shape.waits;
  if (shape.announced) body.announced = shape.size;
  Passage passage;
  {
    Payload payload(*bench.spooler);
    bench.tasks.start(collect_into(payload, body, passage));
    ASSERT_TRUE(bench.turn_until_idle());
    ASSERT_TRUE(passage.collected && *passage.collected);
    EXPECT_EQ(payload.sha256_hex(), hash_of(content));
    EXPECT_EQ(payload.length(), shape.size);
    EXPECT_EQ(payload.on_disk(), shape.size > Payload::kMemoryBytes);
    EXPECT_EQ(bench.spool->bytes_in_use(), payload.on_disk() ? shape.size : 0);

    bench.tasks.start(read_into(payload, read_max, passage));
    ASSERT_TRUE(bench.turn_until_idle());
    EXPECT_FALSE(passage.read_error);
    EXPECT_TRUE(passage.out == content);
    EXPECT_LE(passage.largest_piece, read_max);
    EXPECT_LE(passage.most_held, Payload::kHeldBytes);
    EXPECT_LE(body.most_in_use, Payload::kHeldBytes);
  }
  EXPECT_TRUE(bench.all_closed());
  EXPECT_EQ(bench.files.closed_on_loop, 0);
  EXPECT_EQ(bench.loop.blocks().bytes_in_use(), 0u);
}

TEST(Payload, GivesBackWhatItTookInWhateverThePieces) {
  const std::vector<std::size_t> sizes{1,
                                       1000,
                                       4096,
                                       64 * kKiB - 1,
                                       64 * kKiB,
                                       64 * kKiB + 1,
                                       128 * kKiB - 1,
                                       128 * kKiB,
                                       128 * kKiB + 1,
                                       192 * kKiB,
                                       1000 * kKiB + 7};
  for (const std::size_t size : sizes) {
    for (const std::size_t piece : {std::size_t{997}, 16 * kKiB, 33 * kKiB, 64 * kKiB}) {
      for (const bool announced : {true, false})
        check_passage({size, piece, announced, false}, 64 * kKiB);
    }
    check_passage({size, 40 * kKiB, true, true}, 64 * kKiB);
  }
}

TEST(Payload, SingleBytesInLargeBlocksAreGathered) {
  check_passage({100 * kKiB, 1, false, false}, 64 * kKiB);
  check_passage({140 * kKiB, 1, true, false}, 64 * kKiB);
}

TEST(Payload, MayBeReadInSmallPieces) {
  check_passage({3000, 64 * kKiB, true, false}, 7);
  check_passage({200 * kKiB, 64 * kKiB, true, false}, 1000);
}

TEST(Payload, AnEmptyBodyHasTheEmptyHash) {
  for (const bool announced : {true, false}) {
    SpoolBench bench;
    ScriptedBody body(bench.loop, "", 1);
    if (announced) body.announced = 0;
    Payload payload(*bench.spooler);
    Passage passage;
    bench.tasks.start(collect_into(payload, body, passage));
    bench.turn(2);
    ASSERT_TRUE(passage.collected && *passage.collected);
    EXPECT_EQ(payload.sha256_hex(), signing::kEmptyPayload);
    EXPECT_EQ(payload.length(), 0u);
    bench.tasks.start(read_into(payload, 100, passage));
    bench.turn(2);
    EXPECT_EQ(passage.out, "");
    EXPECT_FALSE(passage.read_error);
  }
}

// The hot path of every POST.
TEST(Payload, ASmallBodyThatIsHereTakesNoTurnNoThreadAndNoCopy) {
  SpoolBench bench;
  const std::string content = content_of(1000);
  ScriptedBody body(bench.loop, content, content.size());
  body.announced = content.size();
  Payload payload(*bench.spooler);
  Passage passage;
  bench.tasks.start(collect_into(payload, body, passage));
  bench.turn(1);
  ASSERT_TRUE(passage.collected && *passage.collected);
  EXPECT_EQ(payload.bytes_held(), body.most_in_use);
  bench.tasks.start(read_into(payload, 64 * kKiB, passage));
  bench.turn(1);
  EXPECT_EQ(passage.out, content);
  EXPECT_EQ(bench.files.created, 0);
  EXPECT_EQ(bench.tasks.size(), 0u);
}

TEST(Payload, HashesAtMost16KiBPerTurn) {
  SpoolBench bench;
  const std::string content = content_of(40 * kKiB);
  ScriptedBody body(bench.loop, content, 10 * kKiB);
  Payload payload(*bench.spooler);
  Passage passage;
  bench.tasks.start(collect_into(payload, body, passage));
  for (const std::size_t given : {20u, 40u}) {
    bench.turn(1);
    EXPECT_FALSE(passage.collected);
    EXPECT_EQ(body.given, given * kKiB) << "what is over 16 KiB waits";
  }
  bench.turn(1);
  EXPECT_TRUE(passage.collected);
  EXPECT_EQ(payload.sha256_hex(), hash_of(content));
}

TEST(Payload, NetworkAndDiskOverlapWithinTheBound) {
  SpoolBench bench;
  const std::string content = content_of(4096 * kKiB);
  ScriptedBody body(bench.loop, content, 64 * kKiB);
  Payload payload(*bench.spooler);
  Passage passage;
  bench.files.shut_gate();
  bench.tasks.start(collect_into(payload, body, passage));
  bench.turn(50);
  // 192 KiB are being written; one more piece was taken in meanwhile, and no second one.
  EXPECT_EQ(body.given, 256 * kKiB);
  EXPECT_EQ(payload.bytes_held(), Payload::kHeldBytes);
  bench.files.open_gate();
  ASSERT_TRUE(bench.turn_until_idle());
  EXPECT_EQ(payload.sha256_hex(), hash_of(content));
  EXPECT_LE(body.most_in_use, Payload::kHeldBytes);
}

std::size_t anonymous_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:")) return std::strtoul(line.c_str() + 8, nullptr, 10);
  }
  return 0;
}

TEST(Payload, FiftyMegabytesCostNoMemory) {
  SpoolBench bench;
  const std::string content = content_of(50 << 20);
  ScriptedBody body(bench.loop, content, 64 * kKiB);
  body.announced = content.size();
  Payload payload(*bench.spooler);
  Passage passage;
  const std::size_t before = anonymous_kib();
  ASSERT_GT(before, 50 * kKiB);
  bench.tasks.start(collect_into(payload, body, passage));
  ASSERT_TRUE(bench.turn_until_idle());
  ASSERT_TRUE(*passage.collected);
  EXPECT_LT(anonymous_kib(), before + 16 * kKiB);
  EXPECT_LE(body.most_in_use, Payload::kHeldBytes);
  EXPECT_EQ(payload.sha256_hex(), hash_of(content));
}

TEST(Payload, ErrorsOfTheBodyComeThrough) {
  using http::BodyError;
  const std::string content = content_of(600 * kKiB);
  for (const BodyError error :
       {BodyError::malformed, BodyError::too_large, BodyError::stalled, BodyError::gone}) {
    for (const std::size_t at : {std::size_t{0}, 64 * kKiB, 192 * kKiB, 512 * kKiB}) {
      SpoolBench bench;
      ScriptedBody body(bench.loop, content, 64 * kKiB);
      body.fails_at = at;
      body.error = error;
      Passage passage;
      {
        Payload payload(*bench.spooler);
        bench.tasks.start(collect_into(payload, body, passage));
        ASSERT_TRUE(bench.turn_until_idle());
      }
      ASSERT_FALSE(*passage.collected);
      EXPECT_EQ(passage.collected->error().kind, PayloadError::Kind::body);
      EXPECT_EQ(passage.collected->error().body, error);
      EXPECT_TRUE(bench.all_closed());
    }
  }
}

TEST(Payload, ALengthThatWasNotKeptIsMalformed) {
  const std::string content = content_of(300 * kKiB);
  for (const std::size_t announced : {300 * kKiB + 1, 300 * kKiB - 1}) {
    SpoolBench bench;
    ScriptedBody body(bench.loop, content, 64 * kKiB);
    body.announced = announced;
    Payload payload(*bench.spooler);
    Passage passage;
    bench.tasks.start(collect_into(payload, body, passage));
    ASSERT_TRUE(bench.turn_until_idle());
    ASSERT_FALSE(*passage.collected);
    EXPECT_EQ(passage.collected->error().body, http::BodyError::malformed);
  }
}

}  // namespace
}  // namespace signet::gateway
