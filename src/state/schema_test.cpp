#include "state/schema.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/rig_for_tests.h"

namespace signet::state {
namespace {

using namespace std::chrono_literals;

class StateFile : public testing::Test, protected StoreRig {
 protected:
  // What the operator reads when the store cannot be opened; "" when it can.
  std::string refusal() {
    try {
      open();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    store.reset();
    return {};
  }
  // Runs SQL on the file as another program would.
  void run_sql(const char* sql) {
    if (!std::filesystem::exists(path)) write_file(path, "");
    Connection connection(path, 1s);
    auto done = connection.execute(sql);
    ASSERT_TRUE(done) << connection.last_words();
  }
  static mode_t mode_of(const std::string& file) {
    struct stat facts{};
    return ::stat(file.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(StateFile, ANewOneIsForItsOwnerOnly) {
  open();
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(mode_of(path + "-wal"), 0600u);
  EXPECT_EQ(mode_of(path + "-shm"), 0600u);
  store.reset();
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(mode_of(path), 0600u);
}

TEST_F(StateFile, AnEmptyFileCountsAsNew) {
  write_file(path, "");
  open();
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
}

TEST_F(StateFile, AnOlderOneIsBroughtUpToDate) {
  write_file(path, "");
  {
    Connection connection(path, 1s);
    migrate(connection, 1);
    EXPECT_EQ(connection.number("PRAGMA user_version").value(), 1);
    EXPECT_FALSE(connection.execute("SELECT * FROM device_grants"));
  }
  run_sql(
      "INSERT INTO tokens VALUES('0123456789abcdef', zeroblob(32), 1, 'nightly', 'ci', '3:all,',"
      " 5, 9, '', 3, 7, 0); INSERT INTO revocations VALUES(2, 'ada', 5, 9)");
  open();
  const Token* token = store->snapshot()->find_token(crypto::Digest{});
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->kind, TokenKind::service);
  EXPECT_EQ(token->groups, std::vector<std::string>{"all"});
  EXPECT_TRUE(token->apps.empty());
  EXPECT_EQ(token->family, "");
  EXPECT_TRUE(store->snapshot()->is_revoked(RevocationKind::person, "ada", 5));
  EXPECT_EQ(said(store->add_device_grant(grant_of("A"))), "ok");
  store.reset();
  Connection connection(path, 1s);
  EXPECT_EQ(connection.number("PRAGMA user_version").value(), kSchemaVersion);
  EXPECT_EQ(connection.number("PRAGMA application_id").value(), kApplicationId);
}

TEST_F(StateFile, ANewerOneIsRefusedNamingBothVersions) {
  EXPECT_EQ(refusal(), "");
  run_sql("PRAGMA user_version=7");
  const std::string before = content_of(path);
  const std::string why = refusal();
  EXPECT_TRUE(has(why, path)) << why;
  EXPECT_TRUE(has(why, "has version 7") && has(why, "up to 3")) << why;
  EXPECT_TRUE(content_of(path) == before);
}

TEST_F(StateFile, AnotherProgramsDatabaseIsRefused) {
  run_sql("CREATE TABLE runs(id); INSERT INTO runs VALUES(1); PRAGMA user_version=1");
  std::string before = content_of(path);
  EXPECT_TRUE(has(refusal(), "is a database of another program")) << refusal();
  EXPECT_TRUE(content_of(path) == before);
  run_sql("PRAGMA application_id=0x0f055112; PRAGMA journal_mode=WAL");
  before = content_of(path);
  EXPECT_TRUE(has(refusal(), "is a database of another program")) << refusal();
  EXPECT_TRUE(content_of(path) == before);
}

TEST_F(StateFile, WhatIsNoDatabaseIsRefused) {
  for (const std::string& content :
       {std::string("xy"), std::string("tokens: []\n"), std::string(5000, 'x'),
        "SQLite format 3" + std::string(300, '\0')}) {
    write_file(path, content);
    const std::string why = refusal();
    EXPECT_TRUE(has(why, "is damaged, or no SQLite file at all")) << why;
    EXPECT_TRUE(has(why, "put back a backup")) << why;
    EXPECT_TRUE(content_of(path) == content);
  }
}

TEST_F(StateFile, ADamagedOneIsRefusedAndLeftAsItIs) {
  open();
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(said(store->add_token(token_of(std::to_string(i)))), "ok");
  store.reset();
  const std::string good = content_of(path);
  ASSERT_GT(good.size(), 5 * 4096u);
  for (std::size_t page = 1; page * 4096 < good.size(); ++page) {
    std::string bad = good;
    bad.replace(page * 4096, 100, std::string(100, '\xee'));
    write_file(path, bad);
    const std::string why = refusal();
    EXPECT_TRUE(has(why, "is damaged")) << "page " << page << ": " << why;
    EXPECT_TRUE(has(why, "backup")) << why;
    EXPECT_TRUE(content_of(path) == bad) << page;
  }
  const std::string half = good.substr(0, good.size() / 2);
  write_file(path, half);
  EXPECT_TRUE(has(refusal(), "is damaged")) << refusal();
  EXPECT_TRUE(content_of(path) == half);
  write_file(path, good);
  EXPECT_EQ(refusal(), "");
}

TEST_F(StateFile, ARecordThatMakesNoSenseIsRefused) {
  const std::pair<const char*, const char*> cases[]{
      {"INSERT INTO tokens VALUES('a',zeroblob(32),0,'','','',1,2,'9:x,',4,0,0,'')",
       "DELETE FROM tokens"},
      {"INSERT INTO tokens VALUES('a',zeroblob(32),0,'','','',1,2,'',5,0,0,'')",
       "DELETE FROM tokens"},
      {"INSERT INTO tokens VALUES('a',zeroblob(31),0,'','','',1,2,'',4,0,0,'')",
       "DELETE FROM tokens"},
      {"INSERT INTO tokens VALUES('a',zeroblob(32),5,'','','',1,2,'',4,0,0,'')",
       "DELETE FROM tokens"},
      {"INSERT INTO revocations VALUES(3,'a',1,2)", "DELETE FROM revocations"}};
  EXPECT_EQ(refusal(), "");
  for (const auto& [spoil, repair] : cases) {
    run_sql(spoil);
    const std::string why = refusal();
    EXPECT_TRUE(has(why, "a record in it makes no sense")) << why;
    run_sql(repair);
    EXPECT_EQ(refusal(), "");
  }
}

TEST_F(StateFile, AFolderIsRefused) {
  std::filesystem::create_directory(path);
  EXPECT_EQ(refusal(), "the state file " + path + " is a folder: name a file");
}

TEST_F(StateFile, APlaceThatIsNotThereIsRefused) {
  path = folder.file("missing/state.db");
  EXPECT_TRUE(has(refusal(), "cannot be created: No such file or directory")) << refusal();
  write_file(folder.file("plain"), "");
  path = folder.file("plain/state.db");
  EXPECT_TRUE(has(refusal(), "cannot be reached: Not a directory")) << refusal();
}

TEST_F(StateFile, WhatMayNotBeWrittenIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  EXPECT_EQ(refusal(), "");
  ::chmod(path.c_str(), 0400);
  EXPECT_TRUE(has(refusal(), "cannot be used: Permission denied")) << refusal();
  ::chmod(path.c_str(), 0600);
  ::chmod(folder.file("").c_str(), 0500);
  EXPECT_TRUE(has(refusal(), "lies in a folder that cannot be written to")) << refusal();
  ::chmod(folder.file("").c_str(), 0700);
}

TEST_F(StateFile, WhatWasOnlyInTheLogOfACrashIsThere) {
  open();
  EXPECT_EQ(said(store->add_token(token_of("a"))), "ok");
  // The files as a crash would leave them: nothing tidied.
  const std::string copy = folder.file("copy.db");
  for (const std::string suffix : {"", "-wal"})
    write_file(copy + suffix, content_of(path + suffix));
  store.reset();
  path = copy;
  open();
  EXPECT_EQ(store->snapshot()->tokens(), 1u);
}

}  // namespace
}  // namespace signet::state
