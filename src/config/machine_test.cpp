#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "config/environment_for_tests.h"
#include "config/load.h"

namespace signet::config {
namespace {

constexpr std::string_view kApp =
    "apps: [{name: a, kind: mlflow, endpoint: \"http://127.0.0.1:1\"}]\n";

Config good(const std::string& text, const TestEnvironment& environment) {
  auto config = load_text("f.yaml", text, environment);
  if (!config) {
    for (const Problem& problem : config.error())
      ADD_FAILURE() << problem.text() << '\n' << text;
    return {};
  }
  return std::move(*config);
}

TEST(Check, TellsEverythingAndGives2) {
  TestEnvironment environment;
  environment.files["good.yaml"] = kApp;
  environment.files["bad.yaml"] = "apps: 1\nworkers: x\n";
  environment.files["warned.yaml"] =
      "apps: [{name: a, kind: mlflow, endpoint: \"http://mlflow.internal\"}]\n";
  environment.files["empty.yaml"] = "# nothing\n";
  auto run = [&](const std::string& file) {
    std::ostringstream out;
    std::ostringstream err;
    int code = check_command(file, environment, out, err);
    return fmt::format("{}|{}|{}", code, out.str(), err.str());
  };
  EXPECT_EQ(run("good.yaml"), "0|ok\n|");
  EXPECT_EQ(run("bad.yaml"),
            "2||bad.yaml:1:7: apps: this is a number: write a list\n"
            "bad.yaml:2:10: workers: write auto or a whole number from 1 to 256\n");
  EXPECT_TRUE(run("warned.yaml").starts_with("0|ok\n|warning: warned.yaml:1:42: "));
  EXPECT_TRUE(run("empty.yaml").starts_with("2||empty.yaml:1:1: the file is empty"));
  EXPECT_EQ(run("missing.yaml"),
            "2||missing.yaml:1:1: cannot read the configuration: No such file or directory\n");
}

TEST(Check, Machine) {
  TestEnvironment environment;
  Config config = good(
      std::string(kApp) + "state: {sqlite: /state/db}\nspool: {directory: /spool, bytes: 1GiB}\n",
      environment);
  EXPECT_TRUE(check_machine(config, environment).empty());
  auto found = [&] {
    std::string all;
    for (const Problem& problem : check_machine(config, environment))
      all += problem.text() + '\n';
    return all;
  };
  environment.folders["/spool"] = {
      .exists = true, .is_folder = true, .writable = true, .in_memory = true};
  EXPECT_NE(found().find("f.yaml:3:20: spool.directory: the folder /spool lies in memory (tmpfs)"),
            std::string::npos)
      << found();
  environment.folders["/spool"].in_memory = false;
  // The database may lie in memory: it is small.
  environment.folders["/state"] = {
      .exists = true, .is_folder = true, .writable = true, .in_memory = true};
  EXPECT_EQ(found(), "");
  environment.folders["/state"].writable = false;
  EXPECT_NE(found().find("state.sqlite: the folder /state cannot be written to"),
            std::string::npos);
  environment.folders["/state"] = {.exists = true};
  EXPECT_NE(found().find("/state is not a folder"), std::string::npos);
  environment.folders["/state"] = {};
  EXPECT_NE(found().find("/state is not there and cannot be created"), std::string::npos);
  environment.folders["/state"] = {.parent_writable = true};
  EXPECT_EQ(found(), "");
  environment.open_files = 1024;
  EXPECT_NE(found().find("and this user may have 1024"), std::string::npos);
}

TEST(Check, FoldersOfLogs) {
  TestEnvironment environment;
  Config config = good(std::string(kApp) +
                           "log: {access: /logs/access.log, audit: off}\n"
                           "state: {sqlite: /state/db}\nspool: {directory: /s}\n",
                       environment);
  environment.folders["/logs/access.log"] = {.parent_writable = true};
  auto found = [&] {
    std::string all;
    for (const Problem& problem : check_machine(config, environment))
      all += problem.text() + '\n';
    return all;
  };
  environment.folders["/logs"] = {.parent_writable = true};
  EXPECT_EQ(found(), "");
  environment.folders["/logs"] = {};
  EXPECT_EQ(found(),
            "f.yaml:2:15: log.access: the folder /logs is not there and cannot be created: create "
            "it for this user\n");
  environment.folders["/logs"] = {.exists = true, .is_folder = true};
  EXPECT_NE(found().find("log.access: the folder /logs cannot be written to"), std::string::npos);
  // A file that is there already needs nothing of its folder.
  environment.folders["/logs/access.log"] = {.exists = true};
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace signet::config
