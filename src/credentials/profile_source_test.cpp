#include "credentials/profile_source.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials/chain.h"
#include "credentials/environment_source.h"
#include "credentials/rig_for_tests.h"

namespace signet::credentials {
namespace {

namespace fs = std::filesystem;

runtime::Task<void> load(Source& source, runtime::Time deadline,
                         std::optional<std::expected<Keys, SourceFailure>>& into) {
  auto loading = source.load(deadline);
  into.emplace(co_await std::move(loading));
}

class ProfileSourceTest : public testing::Test, public LoopTest {
 public:
  ProfileSourceTest() {
    std::string pattern = testing::TempDir() + "signet-profiles-XXXXXX";
    home = mkdtemp(pattern.data());
    fs::create_directory(home / ".aws");
    environment.values["HOME"] = home;
  }
  ~ProfileSourceTest() override { fs::remove_all(home); }

  void write(const fs::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  const std::expected<Keys, SourceFailure>& ask() { return ask(source); }
  const std::expected<Keys, SourceFailure>& ask(Source& from) {
    outcome.reset();
    runtime::TaskSet tasks(loop);
    tasks.start(load(from, loop.now() + 10s, outcome));
    EXPECT_TRUE(until([&] { return outcome.has_value(); }));
    return *outcome;
  }

  fs::path home;
  FakeEnvironment environment;
  FakeSts fetcher{loop};
  Sts sts{fetcher, clock, environment.variables()};
  runtime::Lane lane{"files", 1, 4};
  ProfileSource source{loop, lane, sts, environment.variables(), "eu-central-1"};
  std::optional<std::expected<Keys, SourceFailure>> outcome;
};

constexpr std::string_view kKeys = "aws_access_key_id = AKID\naws_secret_access_key = SECRET\n";

TEST_F(ProfileSourceTest, ReadsTheFilesAnewEachTime) {
  EXPECT_EQ(ask().error().cause, Cause::nothing_here);
  write(home / ".aws/credentials", "[default]\n" + std::string(kKeys));
  ASSERT_TRUE(ask()) << outcome->error().reason;
  EXPECT_EQ((*outcome)->key.id, "AKID");
  EXPECT_EQ((*outcome)->origin, "profile \"default\" of " + (home / ".aws/credentials").string());
  write(home / ".aws/credentials",
        "[default]\naws_access_key_id = AKID2\naws_secret_access_key = S2\n");
  ASSERT_TRUE(ask());
  EXPECT_EQ((*outcome)->key.id, "AKID2");
}

TEST_F(ProfileSourceTest, TakesProfileAndFilesFromTheEnvironment) {
  write(home / "c", "[profile work]\nregion = x\n");
  write(home / "s", "[work]\n" + std::string(kKeys));
  environment.values["AWS_PROFILE"] = "work";
  EXPECT_EQ(ask().error().cause, Cause::misconfigured);
  environment.values["AWS_CONFIG_FILE"] = "~/c";
  environment.values["AWS_SHARED_CREDENTIALS_FILE"] = home / "s";
  ASSERT_TRUE(ask()) << outcome->error().reason;
  environment.values["AWS_CONFIG_FILE"] = home / "c";
  environment.values.erase("HOME");
  ASSERT_TRUE(ask()) << outcome->error().reason;
  EXPECT_EQ((*outcome)->key.id, "AKID");
  environment.values.clear();
  EXPECT_EQ(ask().error().cause, Cause::nothing_here);
  EXPECT_NE(outcome->error().reason.find("HOME is not set"), std::string::npos);
}

TEST_F(ProfileSourceTest, AFileThatIsThereMustBeReadable) {
  fs::path path = home / ".aws/credentials";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(ask().error().cause, Cause::unreadable);
  EXPECT_NE(outcome->error().reason.find("not a regular file"), std::string::npos);
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_EQ(ask().error().cause, Cause::unreadable);
  fs::remove(path);
  write(path, std::string((1 << 20) + 1, '\n'));
  EXPECT_EQ(ask().error().cause, Cause::unreadable);
  EXPECT_NE(outcome->error().reason.find("larger than 1 MiB"), std::string::npos);
  fs::remove(path);
  fs::create_symlink(path, path);
  EXPECT_EQ(ask().error().cause, Cause::unreadable);
  fs::remove(path);
  write(path, "[default]\n\nSECRET\n");
  EXPECT_EQ(ask().error().cause, Cause::misconfigured);
  EXPECT_EQ(outcome->error().reason, path.string() + ":3: neither a [section] nor a name = value");
}

TEST_F(ProfileSourceTest, AssumesTheRolesOfTheProfileOneAfterTheOther) {
  write(home / ".aws/config",
        "[profile outer]\nrole_arn = arn:aws:iam::123456789012:role/outer\n"
        "source_profile = middle\nexternal_id = ext\nregion = us-east-1\n"
        "[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/middle\n"
        "source_profile = base\n");
  write(home / ".aws/credentials", "[base]\n" + std::string(kKeys));
  environment.values["AWS_PROFILE"] = "outer";
  fetcher.reply = [](const auto&, std::size_t call) {
    return answer_of(
        200, credentials_xml(fmt::format("ASIA{}", call), "s", "t", "2015-08-30T13:36:00Z"));
  };
  ASSERT_TRUE(ask()) << outcome->error().reason;
  EXPECT_EQ((*outcome)->key.id, "ASIA2");
  EXPECT_EQ((*outcome)->expires, 1440941760);
  ASSERT_EQ(fetcher.requests.size(), 2u);
  EXPECT_EQ(fetcher.requests[0].url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_NE(fetcher.requests[0].body.find("middle&RoleSessionName=signet&"), std::string::npos);
  EXPECT_EQ(fetcher.requests[1].url, "https://sts.us-east-1.amazonaws.com/");
  EXPECT_NE(fetcher.requests[1].body.find("outer"), std::string::npos);
  EXPECT_NE(fetcher.requests[1].body.find("ExternalId=ext"), std::string::npos);
  // The second is signed with the first one's keys.
  auto authorization = [&](std::size_t i) { return fetcher.requests[i].headers.back().second; };
  EXPECT_NE(authorization(0).find("Credential=AKID/"), std::string::npos);
  EXPECT_NE(authorization(1).find("Credential=ASIA1/"), std::string::npos);

  environment.values["AWS_REGION"] = "eu-north-1";
  ASSERT_TRUE(ask());
  EXPECT_EQ(fetcher.requests[3].url, "https://sts.eu-north-1.amazonaws.com/");

  fetcher.reply = [](const auto&, std::size_t) {
    return answer_of(403, error_xml("AccessDenied", "no"));
  };
  EXPECT_EQ(ask().error().cause, Cause::access_denied);
  EXPECT_NE(outcome->error().reason.find("profile \"outer\""), std::string::npos);
}

TEST_F(ProfileSourceTest, TakesTheEnvironmentsKeysForARole) {
  write(home / ".aws/config",
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\n"
        "credential_source = Environment\n");
  EXPECT_EQ(ask().error().cause, Cause::misconfigured);
  EXPECT_NE(outcome->error().reason.find("has neither AWS_ACCESS_KEY_ID"), std::string::npos);
  environment.values["AWS_ACCESS_KEY_ID"] = "ENVID";
  environment.values["AWS_SECRET_ACCESS_KEY"] = "ENVSECRET";
  fetcher.reply = [](const auto&, std::size_t) {
    return answer_of(200, credentials_xml("ASIA", "s", "t", "2015-08-30T13:36:00Z"));
  };
  ASSERT_TRUE(ask()) << outcome->error().reason;
  EXPECT_NE(fetcher.requests[0].headers.back().second.find("Credential=ENVID/"), std::string::npos);
}

TEST_F(ProfileSourceTest, AFullLaneIsAFailure) {
  runtime::Lane full("files", 0, 0);
  ProfileSource starved(loop, full, sts, environment.variables(), "eu-central-1");
  EXPECT_EQ(ask(starved).error().cause, Cause::busy);
}

TEST_F(ProfileSourceTest, TheChainSaysOnceWhereKeysComeFrom) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<EnvironmentSource>(environment.variables()));
  sources.push_back(std::make_unique<ProfileSource>(loop, lane, sts, environment.variables(), "r"));
  Chain chain("own", std::move(sources), diary);

  EXPECT_EQ(ask(chain).error().cause, Cause::nothing_here);
  EXPECT_NE(outcome->error().reason.find("AWS_ACCESS_KEY_ID"), std::string::npos);
  EXPECT_NE(outcome->error().reason.find("config (not there)"), std::string::npos);
  EXPECT_TRUE(diary.choices.empty());

  write(home / ".aws/credentials", "[default]\n" + std::string(kKeys));
  EXPECT_TRUE(ask(chain));
  EXPECT_TRUE(ask(chain));
  ASSERT_EQ(diary.choices.size(), 1u);
  EXPECT_EQ(diary.choices[0],
            "profile files | the environment has neither AWS_ACCESS_KEY_ID nor "
            "AWS_SECRET_ACCESS_KEY");

  // Half of the environment's keys is a mistake to be seen, not a reason to be somebody else.
  environment.values["AWS_ACCESS_KEY_ID"] = "ENVID";
  EXPECT_EQ(ask(chain).error().cause, Cause::misconfigured);
  EXPECT_EQ(outcome->error().reason,
            "the environment has AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY");
  environment.values["AWS_SECRET_ACCESS_KEY"] = "ENVSECRET";
  environment.values["AWS_SESSION_TOKEN"] = "ENVTOKEN";
  ASSERT_TRUE(ask(chain));
  EXPECT_EQ((*outcome)->key.token, "ENVTOKEN");
  ASSERT_EQ(diary.choices.size(), 2u);
  EXPECT_EQ(diary.choices[1], "environment | ");
  environment.values.erase("AWS_ACCESS_KEY_ID");
  EXPECT_EQ(ask(chain).error().reason,
            "the environment has AWS_SECRET_ACCESS_KEY but no AWS_ACCESS_KEY_ID");
}

}  // namespace
}  // namespace signet::credentials
