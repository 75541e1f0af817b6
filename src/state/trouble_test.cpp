#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "state/rig_for_tests.h"
#include "state/sqlite.h"

namespace signet::state {
namespace {

using namespace std::chrono_literals;

// No file of this process may grow beyond this while it exists.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

class StoreTrouble : public testing::Test, protected StoreRig {
 protected:
  StoreTrouble() {
    open();
    EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  }
  bool knows(const std::string& id) {
    return store->snapshot()->find_token(crypto::Sha256::of(id)) != nullptr;
  }
  bool stale() { return store->stale_for() > 0s; }
};

TEST_F(StoreTrouble, OnAFullDiskWhatWasThereStaysAndIsServed) {
  EXPECT_EQ(said(store->put_refresh_token(refresh_token_of("s1"))), "ok");
  int added = 0;
  std::size_t revoked = 0;
  {
    SmallDisk disk(std::filesystem::file_size(path + "-wal") + 20'000);
    std::string answer = "ok";
    while (answer == "ok" && added < 1000) {
      answer = said(store->add_token(token_of("more " + std::to_string(added))));
      if (answer == "ok") ++added;
    }
    EXPECT_EQ(answer, "full");
    // What needs less room still fits, to the last page.
    const auto another = [&] { return std::to_string(revoked); };
    while (said(store->revoke(revocation_of(RevocationKind::session, another()))) == "ok")
      ++revoked;
    EXPECT_EQ(said(store->revoke_token("a")), "full");
    EXPECT_EQ(said(store->revoke(revocation_of(RevocationKind::person, "ada"))), "full");
    EXPECT_EQ(said(store->add_device_grant(grant_of("A"))), "full");
    EXPECT_EQ(said(store->take_lease("s1", 1, "me", 10s)), "full");
    EXPECT_EQ(get(store->refresh_token("s1")).value(), refresh_token_of("s1"));
    pass(3s);
    EXPECT_FALSE(stale()) << "it can be read";
    EXPECT_EQ(store->snapshot()->tokens(), 1u + static_cast<std::size_t>(added));
    EXPECT_TRUE(store->snapshot()->find_token(token_of("a").hash)->usable(kNow));
    EXPECT_EQ(store->snapshot()->revocations(), revoked);
  }
  EXPECT_EQ(said(store->revoke_token("a")), "ok") << "there is room again";
  reopen();
  EXPECT_EQ(store->snapshot()->tokens(), 1u + static_cast<std::size_t>(added));
  EXPECT_FALSE(store->snapshot()->find_token(token_of("a").hash)->usable(kNow));
}

TEST_F(StoreTrouble, AFileThatIsGoneRefusesChangesAndIsServedOn) {
  StoreView view(*store, loop);
  pass(2s);
  EXPECT_EQ(view.stale_for(), 0s);
  ASSERT_EQ(std::rename(path.c_str(), folder.file("aside").c_str()), 0);
  EXPECT_EQ(said(store->add_token(token_of("b"))), "unavailable");
  ASSERT_TRUE(turn_until([&] { return stale(); }, 50ms));
  EXPECT_EQ(store->trouble(), "the file is no longer where it was");
  pass(60s);
  EXPECT_GE(view.stale_for(), 60s) << "since it could last be read";
  EXPECT_LE(view.stale_for(), 65s);
  EXPECT_TRUE(knows("a"));
  EXPECT_EQ(said(store->revoke_token("a")), "unavailable");
  ASSERT_EQ(std::rename(folder.file("aside").c_str(), path.c_str()), 0);
  ASSERT_TRUE(turn_until([&] { return !stale(); }, 50ms));
  EXPECT_EQ(view.stale_for(), 0s);
  EXPECT_EQ(store->trouble(), "");
  EXPECT_EQ(said(store->add_token(token_of("b"))), "ok");
}

TEST_F(StoreTrouble, ARecordSpoiltMeanwhileLeavesTheSnapshotOfBefore) {
  Connection vandal(path, 1s);
  ASSERT_TRUE(vandal.execute("UPDATE tokens SET app_names = '7:'"));
  ASSERT_TRUE(turn_until([&] { return stale(); }, 50ms));
  EXPECT_EQ(store->trouble(), "what it holds makes no sense");
  ASSERT_TRUE(knows("a"));
  EXPECT_EQ(*store->snapshot()->find_token(token_of("a").hash), token_of("a"));
  ASSERT_TRUE(vandal.execute("UPDATE tokens SET app_names = ''"));
  ASSERT_TRUE(turn_until([&] { return !stale(); }, 50ms));
  EXPECT_TRUE(store->snapshot()->find_token(token_of("a").hash)->apps.empty());
}

TEST_F(StoreTrouble, AnotherProcesssLockDelaysAndThenRefuses) {
  SqliteSettings settings;
  settings.busy = 200ms;
  store.reset();
  open(settings);
  Connection other(path, 1s);
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  EXPECT_EQ(said(store->add_token(token_of("b"))), "unavailable");
  EXPECT_FALSE(knows("b"));
  pass(2s);
  EXPECT_FALSE(stale()) << "reading goes on";
  ASSERT_TRUE(other.execute("ROLLBACK"));
  EXPECT_EQ(said(store->add_token(token_of("b"))), "ok");
}

TEST_F(StoreTrouble, ALateAnswerCountsAsUnreadableMeanwhile) {
  SqliteSettings settings;
  settings.busy = 3s;
  store.reset();
  open(settings);
  Connection other(path, 1s);
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  // The helper thread waits for the lock, and the look waits behind it.
  runtime::TaskSet tasks(loop);
  std::optional<Outcome<void>> result;
  tasks.start(keep(store->add_token(token_of("b")), result));
  ASSERT_TRUE(turn_until([&] { return stale(); }, 100ms));
  EXPECT_EQ(store->trouble(), "the disk does not answer");
  ASSERT_TRUE(other.execute("ROLLBACK"));
  ASSERT_TRUE(turn_until([&] { return result && !stale(); }));
  EXPECT_TRUE(knows("b"));
}

}  // namespace
}  // namespace signet::state
