#include "state/sqlite_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "state/rig_for_tests.h"

namespace signet::state {
namespace {

using namespace std::chrono_literals;

class SqliteStoreTest : public testing::Test, protected StoreRig {
 protected:
  SqliteStoreTest() { open(); }

  const Token* find(const std::string& id) {
    return store->snapshot()->find_token(crypto::Sha256::of(id));
  }
  bool revoked(RevocationKind kind, const std::string& key, std::int64_t issued_at = kNow) {
    return store->snapshot()->is_revoked(kind, key, issued_at);
  }
};

TEST_F(SqliteStoreTest, ATokenIsFoundByItsHashAlsoAfterARestart) {
  const Token token = token_of("0123456789abcdef");
  EXPECT_EQ(find(token.id), nullptr);
  EXPECT_EQ(said(store->add_token(token)), "ok");
  ASSERT_NE(find(token.id), nullptr);
  EXPECT_EQ(*find(token.id), token);
  EXPECT_TRUE(find(token.id)->usable(kNow));
  EXPECT_FALSE(find(token.id)->usable(token.expires));
  reopen();
  ASSERT_NE(find(token.id), nullptr);
  EXPECT_EQ(*find(token.id), token);
  EXPECT_EQ(store->snapshot()->read_at, kNow);
}

TEST_F(SqliteStoreTest, ATokensIdAndHashAreItsOwn) {
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  EXPECT_EQ(said(store->add_token(token_of("a"))), "conflict");
  Token same_hash = token_of("b");
  same_hash.hash = token_of("a").hash;
  EXPECT_EQ(said(store->add_token(same_hash)), "conflict");
  EXPECT_EQ(store->snapshot()->tokens(), 1u);
}

TEST_F(SqliteStoreTest, RevokingATokenHoldsAtOnceAndForGood) {
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  const auto before = store->snapshot();
  clock.advance(5s);
  EXPECT_EQ(said(store->revoke_token("a")), "ok");
  EXPECT_EQ(find("a")->revoked_at, kNow + 5);
  EXPECT_FALSE(find("a")->usable(kNow + 5));
  EXPECT_EQ(before->find_token(token_of("a").hash)->revoked_at, 0) << "a snapshot never changes";
  clock.advance(5s);
  EXPECT_EQ(said(store->revoke_token("a")), "ok");
  EXPECT_EQ(said(store->revoke_token("nobody's")), "not-found");
  reopen();
  EXPECT_EQ(find("a")->revoked_at, kNow + 5);
}

TEST_F(SqliteStoreTest, EveryKindComesBackAsItself) {
  for (const TokenKind kind : {TokenKind::personal, TokenKind::service, TokenKind::device,
                               TokenKind::renewal, TokenKind::role}) {
    Token token = token_of("k" + std::to_string(static_cast<int>(kind)));
    token.kind = kind;
    token.family = "f:1,";
    EXPECT_EQ(said(store->add_token(token)), "ok");
    reopen();
    ASSERT_NE(find(token.id), nullptr);
    EXPECT_EQ(*find(token.id), token);
  }
}

TEST_F(SqliteStoreTest, ATokenIsReplacedOnceAllOrNothing) {
  EXPECT_EQ(said(store->add_token(token_of("old"))), "ok");
  EXPECT_EQ(said(store->replace_token("old", {token_of("a"), token_of("old")})), "conflict");
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(find("old")->revoked_at, 0) << "nothing was changed";
  EXPECT_EQ(said(store->replace_token("nobody's", {token_of("a")})), "conflict");
  EXPECT_EQ(said(store->replace_token("old", {token_of("a"), token_of("b")})), "ok");
  EXPECT_EQ(said(store->replace_token("old", {token_of("c")})), "conflict");
  EXPECT_EQ(said(store->replace_token("", {token_of("d"), token_of("e")})), "ok");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store->snapshot()->tokens(), 5u);
    EXPECT_EQ(find("old")->revoked_at, kNow);
    EXPECT_EQ(*find("a"), token_of("a"));
    EXPECT_EQ(find("c"), nullptr);
    reopen();
  }
  clock.set_unix_seconds(token_of("a").expires);
  EXPECT_EQ(said(store->replace_token("a", {token_of("f")})), "conflict") << "it has expired";
}

TEST_F(SqliteStoreTest, OfManyWhoReplaceATokenOneSucceeds) {
  EXPECT_EQ(said(store->add_token(token_of("old"))), "ok");
  SqliteStore other(loop, path);
  std::vector<std::optional<Outcome<void>>> results(40);
  runtime::TaskSet tasks(loop);
  for (std::size_t i = 0; i < results.size(); ++i) {
    SqliteStore& taker = i % 2 == 0 ? *store : other;
    tasks.start(keep(taker.replace_token("old", {token_of(std::to_string(i))}), results[i]));
  }
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  EXPECT_EQ(std::ranges::count_if(results, [](const auto& result) { return result->has_value(); }),
            1);
}

TEST_F(SqliteStoreTest, AFamilyEndsTogether) {
  for (const std::string id : {"a", "b", "c", "d"}) {
    Token token = token_of(id);
    token.family = id == "c" ? "other" : id == "d" ? "" : "one";
    EXPECT_EQ(said(store->add_token(token)), "ok");
  }
  EXPECT_EQ(said(store->revoke_token("a")), "ok");
  clock.advance(5s);
  EXPECT_EQ(said(store->revoke_family("one")), "ok");
  EXPECT_EQ(said(store->revoke_family("one")), "not-found");
  EXPECT_EQ(said(store->revoke_family("")), "not-found") << "no family at all";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(find("a")->revoked_at, kNow);
    EXPECT_EQ(find("b")->revoked_at, kNow + 5);
    EXPECT_EQ(find("c")->revoked_at, 0);
    EXPECT_EQ(find("d")->revoked_at, 0);
    reopen();
  }
}

TEST_F(SqliteStoreTest, APersonsTokensAreListedNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    Token token = token_of("a" + std::to_string(i));
    token.made_at += i;
    EXPECT_EQ(said(store->add_token(token)), "ok");
    EXPECT_EQ(said(store->add_token(token_of("b" + std::to_string(i), "bob"))), "ok");
  }
  const std::vector<Token> tokens = store->tokens_of("ada");
  ASSERT_EQ(tokens.size(), 5u);
  EXPECT_EQ(tokens.front().id, "a4");
  EXPECT_EQ(tokens.back().id, "a0");
  EXPECT_TRUE(store->tokens_of("eve").empty());
}

TEST_F(SqliteStoreTest, UsesAreWrittenTogetherAndAtMostOnceAMinute) {
  StoreView view(*store, loop);
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  EXPECT_EQ(said(store->add_token(token_of("b"))), "ok");
  std::uint64_t version = store->snapshot()->version;
  for (int i = 0; i < 1000; ++i)
    view.note_used(*view.snapshot().find_token(token_of("a").hash));
  EXPECT_EQ(store->snapshot()->version, version);
  ASSERT_TRUE(turn_until([&] { return find("a")->last_used != 0; }, 100ms));
  EXPECT_EQ(find("a")->last_used, kNow);
  EXPECT_EQ(find("b")->last_used, 0);
  EXPECT_EQ(store->snapshot()->version, version + 1);
  // As if used all the time for ten minutes.
  version = store->snapshot()->version;
  const runtime::Time end = clock.monotonic() + 10min;
  while (clock.monotonic() < end) {
    view.note_used(*view.snapshot().find_token(token_of("a").hash));
    clock.advance(500ms);
    loop.run_once(1ms);
  }
  EXPECT_LE(store->snapshot()->version, version + 10);
  EXPECT_GE(store->snapshot()->version, version + 3);
  const std::int64_t last = find("a")->last_used;
  reopen();
  EXPECT_EQ(find("a")->last_used, last);
}

TEST_F(SqliteStoreTest, RevocationsHoldByTheirKind) {
  EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::session, "s1"))), "ok");
  EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::provider_session, "corp\nx"))), "ok");
  EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::person, "ada"))), "ok");
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(revoked(RevocationKind::session, "s1"));
    EXPECT_TRUE(revoked(RevocationKind::session, "s1", kNow + 100));
    EXPECT_FALSE(revoked(RevocationKind::session, "s2"));
    EXPECT_FALSE(revoked(RevocationKind::person, "s1"));
    EXPECT_TRUE(revoked(RevocationKind::provider_session, "corp\nx"));
    EXPECT_FALSE(revoked(RevocationKind::provider_session, "corp"));
    EXPECT_TRUE(revoked(RevocationKind::person, "ada", kNow - 1));
    EXPECT_TRUE(revoked(RevocationKind::person, "ada", kNow));
    EXPECT_FALSE(revoked(RevocationKind::person, "ada", kNow + 1));
    reopen();
  }
}

TEST_F(SqliteStoreTest, ASecondRevocationOnlyForbidsMore) {
  Revocation later = revocation_of(RevocationKind::person, "ada");
  later.made_at += 10;
  later.until += 10;
  EXPECT_EQ(said(store->revoke(later)), "ok");
  EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::person, "ada"))), "ok");
  const Revocation* found = store->snapshot()->find_revocation(RevocationKind::person, "ada");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, later);
  EXPECT_EQ(store->snapshot()->revocations(), 1u);
}

TEST_F(SqliteStoreTest, ARefreshTokenIsReplacedUnderItsLease) {
  const RefreshToken token = refresh_token_of("s1");
  EXPECT_EQ(said(store->refresh_token("s1")), "not-found");
  EXPECT_EQ(said(store->put_refresh_token(token)), "ok");
  EXPECT_EQ(get(store->refresh_token("s1")).value(), token);
  EXPECT_EQ(said(store->replace_refresh_token("s1", 1, "me", {})), "conflict") << "no lease";

  EXPECT_EQ(said(store->take_lease("s2", 1, "me", 10s)), "not-found");
  EXPECT_EQ(said(store->take_lease("s1", 2, "me", 10s)), "conflict") << "another generation";
  const RefreshToken leased = get(store->take_lease("s1", 1, "me", 10s)).value();
  EXPECT_EQ(leased.sealed, token.sealed);
  EXPECT_EQ(leased.lease_owner, "me");
  EXPECT_EQ(leased.lease_until_ms, (kNow + 10) * 1000);
  EXPECT_EQ(said(store->take_lease("s1", 1, "you", 10s)), "conflict");
  EXPECT_EQ(said(store->replace_refresh_token("s1", 1, "you", {std::byte{1}})), "conflict");
  EXPECT_EQ(said(store->replace_refresh_token("s1", 1, "me", {std::byte{1}})), "ok");

  const RefreshToken renewed = get(store->refresh_token("s1")).value();
  EXPECT_EQ(renewed.sealed, std::vector<std::byte>{std::byte{1}});
  EXPECT_EQ(renewed.generation, 2);
  EXPECT_EQ(renewed.lease_owner, "");
  EXPECT_EQ(said(store->take_lease("s1", 1, "you", 10s)), "conflict") << "renewed meanwhile";
  EXPECT_EQ(said(store->take_lease("s1", 2, "you", 10s)), "ok");
  EXPECT_EQ(said(store->delete_refresh_token("s1")), "ok");
  EXPECT_EQ(said(store->delete_refresh_token("s1")), "ok");
  EXPECT_EQ(said(store->replace_refresh_token("s1", 2, "you", {})), "not-found");
}

TEST_F(SqliteStoreTest, ALeaseThatRanOutGoesToTheNext) {
  EXPECT_EQ(said(store->put_refresh_token(refresh_token_of("s1"))), "ok");
  EXPECT_EQ(said(store->take_lease("s1", 1, "me", 10s)), "ok");
  clock.advance(9999ms);
  EXPECT_EQ(said(store->take_lease("s1", 1, "you", 10s)), "conflict");
  clock.advance(1ms);
  EXPECT_EQ(said(store->take_lease("s1", 1, "you", 10s)), "ok");
  EXPECT_EQ(said(store->replace_refresh_token("s1", 1, "me", {})), "conflict");
  EXPECT_EQ(said(store->put_refresh_token(refresh_token_of("s1"))), "ok");
  EXPECT_EQ(get(store->refresh_token("s1"))->generation, 2) << "put anew, and nobody's lease";
  EXPECT_EQ(said(store->replace_refresh_token("s1", 1, "you", {})), "conflict");
}

TEST_F(SqliteStoreTest, OfManyTakersOneGetsTheLease) {
  constexpr int kTakers = 40;
  EXPECT_EQ(said(store->put_refresh_token(refresh_token_of("s1"))), "ok");
  SqliteStore other(loop, path);
  std::vector<std::optional<Outcome<RefreshToken>>> results(kTakers);
  runtime::TaskSet tasks(loop);
  for (int i = 0; i < kTakers; ++i) {
    SqliteStore& taker = i % 2 == 0 ? *store : other;
    tasks.start(keep(taker.take_lease("s1", 1, "taker " + std::to_string(i), 10s),
                     results[static_cast<std::size_t>(i)]));
  }
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  int winners = 0;
  for (const auto& result : results) {
    if (result->has_value()) {
      ++winners;
    } else {
      EXPECT_EQ(result->error(), StoreError::conflict);
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(SqliteStoreTest, ADeviceGrantIsDecidedOnceAndToldOnce) {
  const DeviceGrant grant = grant_of("WDJB-MJHT");
  EXPECT_EQ(said(store->add_device_grant(grant)), "ok");
  EXPECT_EQ(said(store->add_device_grant(grant)), "conflict");
  EXPECT_EQ(get(store->device_grant("WDJB-MJHT")).value(), grant);
  EXPECT_EQ(said(store->device_grant("XXXX-XXXX")), "not-found");

  EXPECT_EQ(get(store->poll_device_grant(grant.device_hash)).value(), grant);
  clock.advance(5s);
  EXPECT_EQ(get(store->poll_device_grant(grant.device_hash))->last_poll, kNow);

  const std::vector<std::string> groups{"team-a", "team-b"};
  EXPECT_EQ(said(store->decide_device_grant("WDJB-MJHT", GrantStatus::approved, "ada", groups)),
            "ok");
  EXPECT_EQ(said(store->decide_device_grant("WDJB-MJHT", GrantStatus::denied, "eve", {})),
            "conflict");
  EXPECT_EQ(said(store->decide_device_grant("XXXX-XXXX", GrantStatus::denied, "eve", {})),
            "not-found");
  const DeviceGrant told = get(store->poll_device_grant(grant.device_hash)).value();
  EXPECT_EQ(told.status, GrantStatus::approved);
  EXPECT_EQ(told.person, "ada");
  EXPECT_EQ(told.groups, groups);
  EXPECT_EQ(told.last_poll, kNow + 5);
  EXPECT_EQ(said(store->poll_device_grant(grant.device_hash)), "not-found");
}

TEST_F(SqliteStoreTest, ADeviceGrantExpires) {
  const DeviceGrant grant = grant_of("WDJB-MJHT");
  EXPECT_EQ(said(store->add_device_grant(grant)), "ok");
  clock.set_unix_seconds(grant.expires);
  EXPECT_EQ(said(store->device_grant("WDJB-MJHT")), "not-found");
  EXPECT_EQ(said(store->decide_device_grant("WDJB-MJHT", GrantStatus::approved, "ada", {})),
            "not-found");
  EXPECT_EQ(said(store->poll_device_grant(grant.device_hash)), "not-found");
}

TEST_F(SqliteStoreTest, OnlySoManyDeviceGrantsArePending) {
  SqliteSettings settings;
  settings.device_grants = 3;
  store.reset();
  open(settings);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(said(store->add_device_grant(grant_of(std::to_string(i)))), "ok");
  EXPECT_EQ(said(store->add_device_grant(grant_of("4"))), "full");
  DeviceGrant later = grant_of("4");
  later.made_at = grant_of("0").expires;
  later.expires = later.made_at + 600;
  EXPECT_EQ(said(store->add_device_grant(later)), "ok") << "the expired ones made room";
}

TEST_F(SqliteStoreTest, PurgingDropsWhatHasEnded) {
  Token short_lived = token_of("a");
  short_lived.expires = kNow + 3600;
  EXPECT_EQ(said(store->add_token(short_lived)), "ok");
  EXPECT_EQ(said(store->add_token(token_of("b"))), "ok");
  Revocation long_one = revocation_of(RevocationKind::person, "ada");
  long_one.until = kNow + 60 * 86400;
  EXPECT_EQ(said(store->revoke(long_one)), "ok");
  EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::session, "s1"))), "ok");
  EXPECT_EQ(said(store->put_refresh_token(refresh_token_of("s1"))), "ok");
  EXPECT_EQ(said(store->purge()), "ok");
  EXPECT_EQ(store->snapshot()->tokens(), 2u);
  EXPECT_EQ(store->snapshot()->revocations(), 2u);
  EXPECT_EQ(said(store->refresh_token("s1")), "ok");

  clock.set_unix_seconds(kNow + 86400);
  EXPECT_EQ(said(store->purge()), "ok");
  EXPECT_EQ(store->snapshot()->tokens(), 2u) << "listed for a month after its end";
  EXPECT_EQ(store->snapshot()->revocations(), 1u);
  EXPECT_TRUE(revoked(RevocationKind::person, "ada"));
  EXPECT_EQ(said(store->refresh_token("s1")), "not-found");

  clock.set_unix_seconds(kNow + 31 * 86400);
  ASSERT_TRUE(turn_until([&] { return store->snapshot()->tokens() == 1; }, 10s)) << "by itself";
  EXPECT_NE(find("b"), nullptr);
  reopen();
  EXPECT_EQ(store->snapshot()->tokens(), 1u);
  EXPECT_EQ(store->snapshot()->revocations(), 1u);
}

TEST_F(SqliteStoreTest, TwoStoresOnOneFileSeeEachOthersChanges) {
  SqliteStore other(loop, path);
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  EXPECT_EQ(said(other.revoke(revocation_of(RevocationKind::session, "s1"))), "ok");
  const runtime::Time start = clock.monotonic();
  ASSERT_TRUE(turn_until(
      [&] { return other.snapshot()->tokens() == 1 && store->snapshot()->revocations() == 1; },
      50ms));
  EXPECT_LE(clock.monotonic() - start, 2s);
  EXPECT_EQ(other.snapshot()->revocations(), 1u);
  EXPECT_EQ(said(other.revoke_token("a")), "ok");
  ASSERT_TRUE(turn_until([&] { return find("a")->revoked_at != 0; }, 50ms));
  // Nothing changed: nothing is read again.
  const auto before = store->snapshot();
  pass(5s);
  EXPECT_EQ(store->snapshot(), before);
}

TEST_F(SqliteStoreTest, AChangeWhoseAskerIsGoneIsSeenAllTheSame) {
  {
    runtime::TaskSet tasks(loop);
    std::optional<Outcome<void>> result;
    tasks.start(keep(store->add_token(token_of("a")), result));
    loop.run_once(0ms);
  }
  EXPECT_TRUE(turn_until([&] { return find("a") != nullptr; }, 50ms));
}

TEST_F(SqliteStoreTest, DestroyedWithWorkUnderWay) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::optional<Outcome<void>>> results(50);
    {
      runtime::TaskSet tasks(loop);
      for (std::size_t i = 0; i < results.size(); ++i) {
        const std::string id = std::to_string(round) + "-" + std::to_string(i);
        tasks.start(keep(store->add_token(token_of(id)), results[i]));
      }
      for (int i = 0; i < round % 5; ++i)
        loop.run_once(1ms);
    }
    reopen();
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i]) continue;
      EXPECT_TRUE(results[i]->has_value());
      EXPECT_NE(find(std::to_string(round) + "-" + std::to_string(i)), nullptr);
    }
  }
}

TEST_F(SqliteStoreTest, MoreChangesThanTheQueueHoldsAreRefused) {
  std::vector<std::optional<Outcome<void>>> results(2000);
  runtime::TaskSet tasks(loop);
  for (std::size_t i = 0; i < results.size(); ++i)
    tasks.start(keep(store->delete_refresh_token("s"), results[i]));
  ASSERT_TRUE(turn_until([&] { return tasks.size() == 0; }));
  const auto refused = std::ranges::count_if(results, [](const auto& result) {
    return !result->has_value() && result->error() == StoreError::unavailable;
  });
  EXPECT_GT(refused, 0);
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
}

}  // namespace
}  // namespace signet::state
