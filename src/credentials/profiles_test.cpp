#include "credentials/profiles.h"

#include <gtest/gtest.h>

namespace signet::credentials {
namespace {

ProfileFile file(bool is_credentials, std::string text) {
  ProfileFile file;
  file.path = is_credentials ? "credentials" : "config";
  file.is_credentials = is_credentials;
  file.exists = true;
  file.text = std::move(text);
  return file;
}

std::expected<ProfilePlan, SourceFailure> plan(std::string config, std::string credentials,
                                               std::string_view name, bool asked = true) {
  auto profiles =
      Profiles::read(file(false, std::move(config)), file(true, std::move(credentials)));
  if (!profiles) return std::unexpected(profiles.error());
  return plan_for(*profiles, name, asked);
}

constexpr std::string_view kKeys =
    "aws_access_key_id = AKID\naws_secret_access_key = SECRET\naws_session_token = TOKEN\n";

TEST(Profiles, FindsStaticKeysInEitherFile) {
  struct Row {
    std::string config;
    std::string credentials;
    std::string_view name;
    std::string_view origin;
  };
  std::string keys(kKeys);
  for (const Row& row : std::initializer_list<Row>{
           {"[default]\n" + keys, "", "default", "profile \"default\" of config"},
           {"[profile default]\n" + keys, "", "default", "profile \"default\" of config"},
           {"[default]\naws_access_key_id = X\n[profile default]\n" + keys, "", "default",
            "profile \"default\" of config"},
           {"", "[default]\n" + keys, "default", "profile \"default\" of credentials"},
           {"", "[x]\n" + keys, "x", "profile \"x\" of credentials"},
           {"[profile x]\n" + keys, "", "x", "profile \"x\" of config"},
           {"[profile   \"x y\"]\n" + keys, "", "x y", "profile \"x y\" of config"},
           // Never put together from both.
           {"[profile x]\naws_access_key_id = OLD\naws_secret_access_key = OLD\n"
            "aws_session_token = OLD\n",
            "[x]\n" + keys, "x", "profile \"x\" of credentials"},
           // Sections that are no profiles are nobody's business.
           {"[sso-session x]\nsso_region = r\n[services y]\ns3 =\n  endpoint_url = z\n"
            "[profile x]\n" +
                keys,
            "", "x", "profile \"x\" of config"},
       }) {
    auto found = plan(row.config, row.credentials, row.name);
    ASSERT_TRUE(found) << found.error().reason;
    EXPECT_EQ(found->keys.key.id, "AKID");
    EXPECT_EQ(found->keys.key.secret, "SECRET");
    EXPECT_EQ(found->keys.key.token, "TOKEN");
    EXPECT_TRUE(found->roles.empty());
    EXPECT_EQ(found->origin, row.origin);
  }
}

TEST(Profiles, ATokenIsNotTakenFromTheOtherFile) {
  auto found = plan(
      "[profile x]\naws_access_key_id = A\naws_secret_access_key = B\n"
      "aws_session_token = OTHERS\n",
      "[x]\naws_access_key_id = C\naws_secret_access_key = D\n", "x");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->keys.key.id, "C");
  EXPECT_EQ(found->keys.key.token, "");
}

TEST(Profiles, FollowsRolesToTheirKeys) {
  auto found = plan(
      "[profile outer]\nrole_arn = arn:outer\nsource_profile = middle\nexternal_id = ext\n"
      "role_session_name = me\nduration_seconds = 1800\nregion = eu-west-1\n"
      "[profile middle]\nrole_arn = arn:middle\nsource_profile = base\n",
      "[base]\n" + std::string(kKeys), "outer");
  ASSERT_TRUE(found) << found.error().reason;
  ASSERT_EQ(found->roles.size(), 2u);
  EXPECT_EQ(found->roles[0].arn, "arn:middle");
  EXPECT_EQ(found->roles[0].duration_seconds, 3600u);
  EXPECT_EQ(found->roles[0].session_name, "");
  EXPECT_EQ(found->roles[1].arn, "arn:outer");
  EXPECT_EQ(found->roles[1].external_id, "ext");
  EXPECT_EQ(found->roles[1].session_name, "me");
  EXPECT_EQ(found->roles[1].duration_seconds, 1800u);
  EXPECT_EQ(found->roles[1].region, "eu-west-1");
  EXPECT_EQ(found->keys.key.id, "AKID");
  EXPECT_EQ(found->origin, "profile \"outer\" with the keys of profile \"base\" of credentials");
}

TEST(Profiles, ARoleWithItsOwnKeysMayNameItself) {
  auto found = plan("[profile x]\nrole_arn = arn:x\nsource_profile = x\n",
                    "[x]\n" + std::string(kKeys), "x");
  ASSERT_TRUE(found) << found.error().reason;
  ASSERT_EQ(found->roles.size(), 1u);
  EXPECT_EQ(found->keys.key.id, "AKID");
}

TEST(Profiles, ASourcesKeysCountMoreThanItsRole) {
  auto found = plan(
      "[profile x]\nrole_arn = arn:x\nsource_profile = y\n"
      "[profile y]\nrole_arn = arn:y\nsource_profile = z\n" +
          std::string(kKeys),
      "", "x");
  ASSERT_TRUE(found) << found.error().reason;
  ASSERT_EQ(found->roles.size(), 1u);
  EXPECT_EQ(found->roles[0].arn, "arn:x");
}

TEST(Profiles, TakesTheEnvironmentAsSource) {
  auto found = plan("[profile x]\nrole_arn = arn:x\ncredential_source = Environment\n", "", "x");
  ASSERT_TRUE(found) << found.error().reason;
  EXPECT_TRUE(found->keys_of_environment);
  EXPECT_EQ(found->roles.size(), 1u);
}

TEST(Profiles, SaysWhatIsWrong) {
  struct Row {
    std::string config;
    Cause cause;
    std::string_view reason;
  };
  std::string keys(kKeys);
  std::string role = "[profile x]\nrole_arn = arn:x\n";
  for (const Row& row : std::initializer_list<Row>{
           {"", Cause::misconfigured,
            "there is no profile \"x\" in config and credentials, which "
            "AWS_PROFILE asks for"},
           {"[profile x]\nregion = r\n", Cause::misconfigured, "has no keys"},
           {"[x]\n" + keys, Cause::misconfigured, "there is no profile"},
           {"[profile x]\naws_access_key_id = A\n", Cause::misconfigured,
            "has aws_access_key_id but no aws_secret_access_key"},
           {"[profile x]\naws_secret_access_key = SECRET\n", Cause::misconfigured,
            "has aws_secret_access_key but no aws_access_key_id"},
           {role, Cause::misconfigured, "needs one of"},
           {role + "source_profile = y\ncredential_source = Environment\n", Cause::misconfigured,
            "needs only one of"},
           {role + "source_profile = y\n", Cause::misconfigured,
            "no profile \"y\" in config and credentials, which another names"},
           {role + "source_profile = x\n", Cause::misconfigured, "leads back to itself"},
           {role + "source_profile = y\n[profile y]\nrole_arn = b\nsource_profile = x\n",
            Cause::misconfigured, "leads back to itself"},
           {role + "source_profile = y\n[profile y]\nregion = b\n", Cause::misconfigured,
            "profile \"y\" in config and credentials has no keys"},
           {role + "source_profile = y\nduration_seconds = 1h\n", Cause::misconfigured,
            "duration_seconds"},
           {role + "source_profile = y\nduration_seconds = 99999999999\n", Cause::misconfigured,
            "duration_seconds"},
           {role + "credential_source = Else\n", Cause::misconfigured, "is none of"},
           {role + "credential_source = Ec2InstanceMetadata\n", Cause::unsupported,
            "credential_source = Ec2InstanceMetadata, which this version does not support"},
           {role + "credential_source = EcsContainer\n", Cause::unsupported, "EcsContainer"},
           {role + "source_profile = y\nmfa_serial = m\n", Cause::unsupported, "mfa_serial"},
           {role + "web_identity_token_file = f\n", Cause::unsupported, "web_identity_token_file"},
           {"[profile x]\ncredential_process = cat\n", Cause::unsupported, "credential_process"},
           {"[profile x]\nsso_session = s\n", Cause::unsupported, "SSO"},
           {"[profile x]\nsso_start_url = s\n", Cause::unsupported, "SSO"},
           {"[profile x]\nSECRET\n", Cause::misconfigured, "config:2: neither"},
       }) {
    auto found = plan(row.config, "", "x");
    ASSERT_FALSE(found) << row.reason;
    EXPECT_EQ(found.error().cause, row.cause) << found.error().reason;
    EXPECT_NE(found.error().reason.find(row.reason), std::string::npos) << found.error().reason;
    EXPECT_EQ(found.error().reason.find("SECRET"), std::string::npos) << found.error().reason;
  }
}

TEST(Profiles, WithoutADefaultThereIsNothing) {
  for (std::string_view config : {"", "[profile x]\nregion = r\n", "[default]\nregion = r\n"}) {
    auto found = plan(std::string(config), "", "default", false);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().cause, Cause::nothing_here) << found.error().reason;
  }
}

}  // namespace
}  // namespace signet::credentials
