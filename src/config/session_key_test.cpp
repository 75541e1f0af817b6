#include "config/session_key.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/environment_for_tests.h"
#include "config/load.h"
#include "crypto/base64.h"

namespace signet::config {
namespace {

constexpr std::string_view kText =
    "apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]\n"
    "identity: {bearer: [{issuer: \"https://a\", audience: s}]}\n";

Config loaded(const std::string& more) {
  auto config = load_text("f", std::string(kText) + more, TestEnvironment());
  if (!config) {
    ADD_FAILURE() << config.error().front().text();
    return {};
  }
  return std::move(*config);
}

std::string text_of(const Problems& problems) {
  std::string all;
  for (const Problem& problem : problems)
    all += problem.text() + '\n';
  return all;
}

// Files of a real folder.
class SessionKeyFile : public testing::Test {
 protected:
  SessionKeyFile() {
    std::string name = (std::filesystem::temp_directory_path() / "session_key_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    file_ = folder_ + "/state/session.key";
  }
  ~SessionKeyFile() override { std::filesystem::remove_all(folder_); }

  Config config() const {
    return loaded(
        fmt::format("state: {{sqlite: {0}/state/db}}\nspool: {{directory: {0}/spool}}\n", folder_));
  }
  // What prepare_folders() says but for the spool, which may lie in memory here.
  std::string prepared(Config& config) const {
    std::filesystem::create_directories(folder_ + "/state");
    return text_of(take_session_key(config, environment_));
  }
  std::string checked() const { return text_of(check_session_key(config(), environment_)); }
  void write(std::string_view text, mode_t mode = 0600) const {
    std::filesystem::create_directories(folder_ + "/state");
    std::filesystem::remove(file_);
    std::ofstream(file_) << text;
    chmod(file_.c_str(), mode);
  }
  // What check and serve say of the file, from "session.key" on.
  std::string refused() const {
    Config config = this->config();
    std::string found = prepared(config);
    EXPECT_TRUE(config.identity.session.keys.empty());
    EXPECT_EQ(checked(), found);
    const std::string start = fmt::format("f:2:11: identity.session.keys: the file {} ", file_);
    EXPECT_TRUE(found.starts_with(start)) << found;
    return found.substr(std::min(start.size(), found.size()));
  }
  std::size_t files() const {
    auto all = std::filesystem::directory_iterator(folder_ + "/state");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  std::string folder_;
  std::string file_;
  SystemEnvironment environment_;
};

TEST_F(SessionKeyFile, IsMadeOnceAndForThisUserAlone) {
  Config first = config();
  EXPECT_EQ(session_key_file(first), file_);
  EXPECT_EQ(checked(), "");
  EXPECT_FALSE(std::filesystem::exists(file_)) << "check makes nothing";
  ASSERT_EQ(prepared(first), "");
  struct stat facts;
  ASSERT_EQ(lstat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode, static_cast<mode_t>(S_IFREG | 0600));
  EXPECT_EQ(facts.st_uid, geteuid());
  EXPECT_EQ(facts.st_nlink, 1u);
  EXPECT_EQ(files(), 1u);
  ASSERT_EQ(first.identity.session.keys.size(), 1u);
  const std::string key(first.identity.session.keys[0].reveal());
  EXPECT_EQ(crypto::from_base64(key).value_or("").size(), 48u);
  EXPECT_EQ(environment_.read_file(file_, 100), key + "\n");

  Config second = config();
  ASSERT_EQ(prepared(second), "");
  ASSERT_EQ(second.identity.session.keys.size(), 1u);
  EXPECT_EQ(second.identity.session.keys[0].reveal(), key);
  EXPECT_EQ(checked(), "");

  std::filesystem::remove(file_);
  Config third = config();
  ASSERT_EQ(prepared(third), "");
  EXPECT_NE(third.identity.session.keys.at(0).reveal(), key);
}

TEST_F(SessionKeyFile, IsTheSameForAllWhoStartAtOnce) {
  std::filesystem::create_directories(folder_ + "/state");
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove(file_);
    std::vector<Config> configs(8, config());
    std::vector<std::string> problems(configs.size());
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < configs.size(); ++i) {
        threads.emplace_back(
            [&, i] { problems[i] = text_of(take_session_key(configs[i], environment_)); });
      }
    }
    for (std::size_t i = 0; i < configs.size(); ++i) {
      ASSERT_EQ(problems[i], "");
      ASSERT_EQ(configs[i].identity.session.keys.size(), 1u);
      EXPECT_TRUE(configs[i].identity.session.keys[0] == configs[0].identity.session.keys[0]);
    }
    EXPECT_EQ(files(), 1u) << "drafts are removed";
  }
}

TEST_F(SessionKeyFile, Refused) {
  const std::string key(40, 'k');
  const std::string delete_it =
      ": delete it, and serve makes a new one (everybody signs in again), or give keys (openssl "
      "rand -base64 32)\n";
  for (mode_t mode : {0640U, 0604U, 0620U, 0602U, 0666U}) {
    write(key, mode);
    EXPECT_EQ(refused(),
              fmt::format("may be read or written by others (mode {:04o}){}", mode, delete_it));
  }
  write("");
  EXPECT_EQ(refused(), "has 0 bytes, and a key has at least 32" + delete_it);
  write("\n\n");
  EXPECT_EQ(refused(), "has 0 bytes, and a key has at least 32" + delete_it);
  write(std::string(31, 'k') + "\n");
  EXPECT_EQ(refused(), "has 31 bytes, and a key has at least 32" + delete_it);
  write(std::string(4097, 'k'));
  EXPECT_EQ(refused(), "is larger than 4096 bytes" + delete_it);
  write(key);
  std::filesystem::rename(file_, folder_ + "/elsewhere");
  std::filesystem::create_symlink(folder_ + "/elsewhere", file_);
  EXPECT_EQ(refused(), "is a symbolic link" + delete_it);
  std::filesystem::remove(folder_ + "/elsewhere");
  EXPECT_EQ(refused(), "is a symbolic link" + delete_it);
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(refused(), "is not a file" + delete_it);
  std::filesystem::remove(file_);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(refused(), "is not a file" + delete_it);
  Config lost = config();
  std::filesystem::remove_all(folder_ + "/state");
  EXPECT_NE(text_of(take_session_key(lost, environment_)).find("cannot be created: No such file"),
            std::string::npos);
  if (geteuid() == 0) {
    write(key);
    ASSERT_EQ(chown(file_.c_str(), 12345, 12345), 0);
    EXPECT_EQ(refused(), "belongs to another user" + delete_it);
  }
  for (const std::string& good : {key, key + "\n", std::string(32, 'k') + "\r\n"}) {
    write(good, 0400);
    Config config = this->config();
    EXPECT_EQ(prepared(config), "");
    EXPECT_TRUE(good.starts_with(config.identity.session.keys.at(0).reveal()));
  }
}

TEST(SessionKey, IsOnlyReadWhereItIsNeeded) {
  TestEnvironment environment;
  environment.unreadable["/state/session.key"] = "is a symbolic link";
  const std::string state = "state: {sqlite: /state/db}\nspool: {directory: /spool}\n";
  Config config = loaded(state);
  const std::string wrong = text_of(check_machine(config, environment));
  EXPECT_NE(wrong.find("/state/session.key is a symbolic link"), std::string::npos) << wrong;
  EXPECT_EQ(text_of(prepare_folders(config, environment)), wrong);
  config.identity.given = false;
  EXPECT_EQ(text_of(prepare_folders(config, environment)), "");
  EXPECT_TRUE(config.identity.session.keys.empty());
  config.identity.given = true;
  config.identity.session.keys = {Secret(std::string(32, 'k'))};
  EXPECT_EQ(text_of(prepare_folders(config, environment)), "");
  EXPECT_EQ(config.identity.session.keys.size(), 1u);
  EXPECT_TRUE(environment.private_files.empty());
}

TEST(SessionKey, PrepareFoldersTakesIt) {
  TestEnvironment environment;
  const std::string state = "state: {sqlite: /state/db}\nspool: {directory: /spool}\n";
  Config config = loaded(state);
  EXPECT_EQ(text_of(check_machine(config, environment)), "");
  EXPECT_TRUE(environment.private_files.empty());
  EXPECT_EQ(text_of(prepare_folders(config, environment)), "");
  EXPECT_EQ(config.identity.session.keys.at(0).reveal(), crypto::base64(std::string(48, 'r')));
  EXPECT_EQ(environment.private_files.size(), 1u);

  environment.private_files.clear();
  environment.uncreatable = "cannot be created: No space left on device";
  config = loaded(state);
  EXPECT_EQ(text_of(prepare_folders(config, environment)),
            "f:2:11: identity.session.keys: the file /state/session.key cannot be created: No "
            "space left on device: make room for it, or give keys (openssl rand -base64 32)\n");
  // Nothing is made in a folder that is wrong.
  environment.uncreatable.clear();
  environment.folders["/state"] = {.exists = true};
  EXPECT_NE(text_of(prepare_folders(config, environment)).find("is not a folder"),
            std::string::npos);
  EXPECT_TRUE(environment.private_files.empty());
}

}  // namespace
}  // namespace signet::config
