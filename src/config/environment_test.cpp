#include "config/environment.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace signet::config {
namespace {

class SystemEnvironmentTest : public testing::Test {
 protected:
  SystemEnvironmentTest() {
    std::string name = (std::filesystem::temp_directory_path() / "environment_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~SystemEnvironmentTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  SystemEnvironment environment_;
};

TEST_F(SystemEnvironmentTest, Files) {
  std::string path = folder_ + "/file";
  std::string text(100'000, 'x');
  std::ofstream(path) << text;
  EXPECT_EQ(environment_.read_file(path, 100'000), text);
  EXPECT_EQ(environment_.read_file(path, 99'999).error(), "it is larger than 99999 bytes");
  EXPECT_EQ(environment_.read_file(folder_ + "/none", 10).error(), "No such file or directory");
  EXPECT_EQ(environment_.read_file(folder_, 10).error(), "it is a directory");
  // Nobody writes to it: it must not be waited for.
  ASSERT_EQ(mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(environment_.read_file(folder_ + "/fifo", 10), "");
}

TEST_F(SystemEnvironmentTest, Folders) {
  std::string deep = folder_ + "/a/b/c";
  FolderFacts facts = environment_.folder(deep);
  EXPECT_FALSE(facts.exists);
  EXPECT_TRUE(facts.parent_writable);
  ASSERT_TRUE(environment_.create_folder(deep));
  facts = environment_.folder(deep);
  EXPECT_TRUE(facts.exists && facts.is_folder && facts.writable);
  struct stat status;
  ASSERT_EQ(stat(deep.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_TRUE(environment_.create_folder(deep + "/"));
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_FALSE(environment_.folder(folder_ + "/file").is_folder);
  EXPECT_FALSE(environment_.folder(folder_ + "/file/below").parent_writable);
  EXPECT_FALSE(environment_.create_folder(folder_ + "/file/below"));
  if (std::filesystem::is_directory("/dev/shm")) {
    EXPECT_TRUE(environment_.folder("/dev/shm/nothing/here").in_memory);
  }
  EXPECT_FALSE(environment_.folder("/proc").in_memory);
}

TEST_F(SystemEnvironmentTest, Variables) {
  setenv("SIGNET_ENVIRONMENT_TEST", "value", 1);
  EXPECT_EQ(environment_.variable("SIGNET_ENVIRONMENT_TEST"), "value");
  unsetenv("SIGNET_ENVIRONMENT_TEST");
  EXPECT_FALSE(environment_.variable("SIGNET_ENVIRONMENT_TEST"));
  EXPECT_GT(environment_.max_open_files(), 0u);
}

}  // namespace
}  // namespace signet::config
