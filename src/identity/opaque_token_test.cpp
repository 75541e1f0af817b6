#include "identity/opaque_token.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/hex.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIGNET_ALLOCATIONS_ARE_NOT_OURS 1
#endif
#endif

namespace {
std::size_t allocations = 0;
}  // namespace

#ifndef SIGNET_ALLOCATIONS_ARE_NOT_OURS
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
#endif

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

// All bits alike.
class SameBits final : public crypto::Random {
 public:
  explicit SameBits(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, std::byte{byte_}); }

 private:
  std::uint8_t byte_;
};

// Known answers: python -c "import zlib; zlib.crc32(…)" and divmod by 62.
TEST(Secret, HasTheDocumentedForm) {
  SameBits zeros(0);
  SameBits ones(0xFF);
  const std::string lowest = new_secret(zeros);
  const std::string highest = new_secret(ones);
  EXPECT_EQ(lowest, "sgn_00000000000000000000000000000000000000000002yq49O");
  EXPECT_EQ(highest, "sgn_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp10AWRVu");
  EXPECT_EQ(lowest.size(), kSecretSize);
  EXPECT_TRUE(is_well_formed(lowest));
  EXPECT_TRUE(is_well_formed(highest));
  EXPECT_EQ(crypto::view(crypto::hex(token_hash(lowest))),
            "b456b7e52613279ec087edf415b9a08ce604f69ba9953c1d4349639f40ffaffe");
}

TEST(Secret, EachIsAnotherAndWellFormed) {
  crypto::SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string secret = new_secret(random);
    EXPECT_TRUE(is_well_formed(secret)) << secret;
    EXPECT_TRUE(seen.insert(secret).second);
  }
}

TEST(Secret, AnythingElseIsMalformed) {
  crypto::SystemRandom random;
  const std::string good = new_secret(random);
  // Every place, with every other byte.
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = good;
      other[i] = static_cast<char>(byte);
      EXPECT_EQ(is_well_formed(other), other == good) << i << " " << byte;
    }
  }
  std::string swapped = good;
  std::swap(swapped[10], swapped[11]);
  ASSERT_NE(swapped, good);
  for (const std::string& text :
       {std::string(), std::string("sgn_"), good.substr(1), good.substr(0, good.size() - 1),
        good + "0", " " + good, good + " ", good + "\n", good + std::string(1, '\0'), swapped,
        "SGN_" + good.substr(4), "ghp_" + good.substr(4), std::string(kSecretSize, '0'),
        std::string(1 << 20, 'a')}) {
    EXPECT_FALSE(is_well_formed(text)) << text.substr(0, 80);
  }
}

class OpaqueTokensTest : public testing::Test {
 protected:
  OpaqueTokensTest() {
    clock_.set_unix_seconds(kNow);
    snapshot_.version = 1;
  }
  // A token in the snapshot; its secret.
  template <typename Change>
  std::string give(const std::string& id, Change change) {
    const std::string secret = new_secret(random_);
    state::Token token;
    token.id = id;
    token.hash = token_hash(secret);
    token.person = "ada@example.com";
    token.groups = {"team-a", "team-b"};
    token.made_at = kNow - 100;
    token.expires = kNow + 100;
    change(token);
    snapshot_.put(token);
    return secret;
  }
  std::string give(const std::string& id) {
    return give(id, [](state::Token&) {});
  }
  void revoke_person(std::int64_t at) {
    state::Revocation revocation;
    revocation.kind = state::RevocationKind::person;
    revocation.key = "ada@example.com";
    revocation.made_at = at;
    revocation.until = kNow + 1000;
    snapshot_.put(revocation);
    ++snapshot_.version;
  }
  std::string said(std::string_view secret) {
    auto known = tokens_.recognise(secret, snapshot_);
    return known ? "ok" : known.error().detail;
  }

  crypto::SystemRandom random_;
  runtime::ManualClock clock_;
  state::Snapshot snapshot_;
  OpaqueTokens tokens_{clock_};
};

TEST_F(OpaqueTokensTest, AGoodOneNamesItsOwnerAndScope) {
  const std::string secret = give("0123456789abcdef", [](state::Token& token) {
    token.kind = state::TokenKind::service;
    token.apps = {"research"};
    token.at_most = 1;
  });
  const auto known = tokens_.recognise(secret, snapshot_);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->person->id, "ada@example.com");
  EXPECT_EQ(known->person->groups, (std::vector<std::string>{"team-a", "team-b"}));
  EXPECT_EQ(*known->token, *snapshot_.find_token(token_hash(secret)));
  EXPECT_EQ(known->token->id, "0123456789abcdef");
}

TEST_F(OpaqueTokensTest, IsRememberedForOneVersionOfTheSnapshot) {
  const std::string secret = give("a");
  const auto first = tokens_.recognise(secret, snapshot_);
  ASSERT_TRUE(first);
  EXPECT_EQ(tokens_.recognise(secret, snapshot_)->person, first->person) << "the same object";
  ++snapshot_.version;
  const auto later = tokens_.recognise(secret, snapshot_);
  ASSERT_TRUE(later);
  EXPECT_NE(later->person, first->person);
  EXPECT_EQ(*later->person, *first->person) << "the first stays as long as it is kept";
}

TEST_F(OpaqueTokensTest, AllocatesNothingForWhomItKnows) {
#ifdef SIGNET_ALLOCATIONS_ARE_NOT_OURS
  GTEST_SKIP() << "a sanitizer allocates";
#endif
  const std::string secret = give("a");
  std::size_t before = allocations;
  ASSERT_TRUE(tokens_.recognise(secret, snapshot_));
  EXPECT_GT(allocations, before) << "they are counted";
  before = allocations;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(tokens_.recognise(secret, snapshot_));
  EXPECT_EQ(allocations, before);
}

TEST_F(OpaqueTokensTest, EveryRefusalSaysWhy) {
  const std::string good = give("a");
  const std::string expired = give("b", [](state::Token& token) { token.expires = kNow; });
  const std::string revoked = give("c", [](state::Token& token) { token.revoked_at = kNow - 5; });
  const std::string both = give("d", [](state::Token& token) {
    token.revoked_at = kNow - 5;
    token.expires = kNow - 1;
  });
  const std::string renewal =
      give("e", [](state::Token& token) { token.kind = state::TokenKind::renewal; });
  const std::string never_given = new_secret(random_);
  EXPECT_EQ(said(good), "ok");
  EXPECT_EQ(said(expired), "token b of ada@example.com: the token has expired");
  EXPECT_EQ(said(revoked), "token c of ada@example.com: the token is revoked");
  EXPECT_EQ(said(both), "token d of ada@example.com: the token is revoked");
  EXPECT_EQ(said(renewal), "token e of ada@example.com: the token only renews others");
  EXPECT_EQ(said(never_given), "the token is not known");
  EXPECT_EQ(said("sgn_abc"), "the token is not one of this gateway");
  EXPECT_EQ(said(""), "the token is not one of this gateway");
  for (const std::string& secret : {good, expired, revoked, renewal, never_given})
    EXPECT_FALSE(said(secret).contains(secret.substr(4, 8)));
}

TEST_F(OpaqueTokensTest, EveryOtherKindOpens) {
  for (const state::TokenKind kind : {state::TokenKind::personal, state::TokenKind::service,
                                      state::TokenKind::device, state::TokenKind::role}) {
    EXPECT_EQ(said(give("k" + std::to_string(static_cast<int>(kind)),
                        [kind](state::Token& token) { token.kind = kind; })),
              "ok");
  }
}

TEST_F(OpaqueTokensTest, WhatIsRememberedEndsInTime) {
  const std::string secret = give("a");
  EXPECT_EQ(said(secret), "ok");
  clock_.set_unix_seconds(kNow + 99);
  EXPECT_EQ(said(secret), "ok");
  clock_.set_unix_seconds(kNow + 100);
  EXPECT_EQ(said(secret), "token a of ada@example.com: the token has expired");
}

TEST_F(OpaqueTokensTest, ItsOwnersRevocationEndsWhatWasMadeBefore) {
  const std::string before = give("a");
  const std::string same = give("b", [](state::Token& token) { token.made_at = kNow - 10; });
  const std::string after = give("c", [](state::Token& token) { token.made_at = kNow - 9; });
  const std::string others = give("d", [](state::Token& token) { token.person = "bob"; });
  for (const std::string& secret : {before, same, after, others})
    EXPECT_EQ(said(secret), "ok");
  revoke_person(kNow - 10);
  const std::string why = ": everything that the token's owner had is revoked";
  EXPECT_EQ(said(before), "token a of ada@example.com" + why);
  EXPECT_EQ(said(same), "token b of ada@example.com" + why);
  EXPECT_EQ(said(after), "ok");
  EXPECT_EQ(said(others), "ok");
}

TEST_F(OpaqueTokensTest, ARevocationHoldsAlthoughItIsRemembered) {
  const std::string secret = give("a");
  EXPECT_EQ(said(secret), "ok");
  state::Token token = *snapshot_.find_token(token_hash(secret));
  token.revoked_at = kNow;
  snapshot_.put(token);
  ++snapshot_.version;
  EXPECT_EQ(said(secret), "token a of ada@example.com: the token is revoked");
}

TEST_F(OpaqueTokensTest, MoreThanAreRememberedAreRecognisedAllTheSame) {
  std::vector<std::string> secrets;
  for (std::size_t i = 0; i < 2 * OpaqueTokens::kRemembered; ++i) {
    secrets.push_back(give(std::to_string(i), [i](state::Token& token) {
      token.person = "person " + std::to_string(i);
    }));
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < secrets.size(); ++i) {
      const auto known = tokens_.recognise(secrets[i], snapshot_);
      ASSERT_TRUE(known);
      EXPECT_EQ(known->person->id, "person " + std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace signet::identity
