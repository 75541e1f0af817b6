#include "identity/aws_caller.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace signet::identity {
namespace {

std::string answer(std::string_view arn, std::string_view account = "123456789012",
                   std::string_view user_id = "AROACLKWSDQRAOEXAMPLE:i-0abc") {
  return fmt::format(
      R"(<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>{}</Arn>
    <UserId>{}</UserId>
    <Account>{}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>)",
      arn, user_id, account);
}

constexpr std::string_view kArn = "arn:aws:sts::123456789012:assumed-role/train-a/i-0abc";

std::string outcome(const std::string& xml) {
  const auto identity = parse_caller_identity(xml);
  if (!identity) return std::string(to_string(identity.error().error));
  const auto caller = role_of(*identity, "aws");
  return caller ? caller->role + " " + caller->session
                : std::string(to_string(caller.error().error));
}

std::string with(std::string xml, std::string_view from, std::string_view to) {
  const std::size_t at = xml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return xml.replace(at, from.size(), to);
}

TEST(AwsCaller, ReadsTheAnswer) {
  const auto identity = parse_caller_identity(answer(kArn));
  ASSERT_TRUE(identity) << identity.error().detail;
  EXPECT_EQ(identity->arn, kArn);
  EXPECT_EQ(identity->account, "123456789012");
  EXPECT_EQ(identity->user_id, "AROACLKWSDQRAOEXAMPLE:i-0abc");
  const auto caller = role_of(*identity, "aws");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->partition, "aws");
  EXPECT_EQ(caller->account, "123456789012");
  EXPECT_EQ(caller->role, "train-a");
  EXPECT_EQ(caller->session, "i-0abc");
}

TEST(AwsCaller, WhatStsRefuses) {
  const std::string xml =
      R"(<?xml version="1.0"?><ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">)"
      R"(<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>no &lt;b&gt;</Message>)"
      R"(</Error><RequestId>1</RequestId></ErrorResponse>)";
  const auto identity = parse_caller_identity(xml);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().error, ProofError::refused);
  EXPECT_TRUE(identity.error().detail.contains("SignatureDoesNotMatch"));
  EXPECT_EQ(outcome(with(xml, "SignatureDoesNotMatch", "a b")), "bad_answer");
  EXPECT_EQ(outcome(with(xml, "SignatureDoesNotMatch", "")), "bad_answer");
  EXPECT_EQ(outcome(with(xml, "SignatureDoesNotMatch", "a\nb")), "bad_answer");
}

TEST(AwsCaller, WhatIsNoAnswer) {
  const std::string good = answer(kArn);
  const std::string arn = fmt::format("<Arn>{}</Arn>", kArn);
  const std::vector<std::pair<const char*, std::string>> rows{
      {"nothing", ""},
      {"JSON", R"({"GetCallerIdentityResponse":{}})"},
      {"HTML", "<html><body>hello</body></html>"},
      {"cut", good.substr(0, good.size() - 3)},
      {"more behind it", good + "<x/>"},
      {"no ARN", with(good, arn, "")},
      {"an empty ARN", with(good, arn, "<Arn/>")},
      {"two ARNs", with(good, arn, arn + arn)},
      {"an ARN elsewhere",
       with(with(good, arn, ""), "<ResponseMetadata>", "<ResponseMetadata>" + arn)},
      {"another root", with(with(good, "<GetCallerIdentityResponse ", "<Other "),
                            "</GetCallerIdentityResponse>", "</Other>")},
      {"a root within", "<a>" + good + "</a>"},
      {"an ARN with a space", answer("arn:aws:sts::123456789012:assumed-role/a b/c")},
      {"an ARN over two lines", answer("arn:aws:sts::123456789012:assumed-role/\na/c")},
      {"a long ARN", answer(std::string(2049, 'a'))},
      {"beyond ASCII", answer("arn:aws:sts::123456789012:assumed-role/\xC3\xA4/c")},
      {"not UTF-8", answer("arn:aws:sts::123456789012:assumed-role/\xFF/c")},
      {"an account of letters", answer(kArn, "12345678901a")},
      {"a short account", answer(kArn, "12345678901")},
      {"another account", answer(kArn, "210987654321")},
      {"no user id", answer(kArn, "123456789012", "")},
      {"a document type", R"(<!DOCTYPE a [<!ENTITY x "y">]>)" + good},
      {"a document type of elsewhere", R"(<!DOCTYPE a SYSTEM "file:///etc/passwd">)" + good},
      {"an entity", answer("&x;")},
      {"deep", std::string("<a>").append(with(good, arn,
                                              [] {
                                                std::string text;
                                                for (int i = 0; i < 20; ++i)
                                                  text += "<a>";
                                                return text;
                                              }()))},
      {"many elements", with(good, arn,
                             [] {
                               std::string text;
                               for (int i = 0; i < 100; ++i)
                                 text += "<a/>";
                               return text;
                             }() +
                                 arn)},
      {"huge", with(good, arn, arn + "<!--" + std::string(kMaxCallerAnswer, ' ') + "-->")},
      {"a role without a session", answer("arn:aws:sts::123456789012:assumed-role/a")},
      {"an empty session", answer("arn:aws:sts::123456789012:assumed-role/a/")},
      {"an empty role", answer("arn:aws:sts::123456789012:assumed-role//s")},
      {"three names", answer("arn:aws:sts::123456789012:assumed-role/a/b/c")},
      {"a colon", answer("arn:aws:sts::123456789012:assumed-role/a/b:c")},
      {"a role with a star", answer("arn:aws:sts::123456789012:assumed-role/a*/s")},
      {"a long role",
       answer("arn:aws:sts::123456789012:assumed-role/" + std::string(65, 'a') + "/s")},
      {"another partition", answer("arn:aws-cn:sts::123456789012:assumed-role/a/s")},
      {"no ARN at all", answer("hello")},
  };
  for (const auto& [what, xml] : rows)
    EXPECT_EQ(outcome(xml), "bad_answer") << what;
  EXPECT_EQ(outcome(with(good, arn, "<Arn><![CDATA[" + std::string(kArn) + "]]></Arn>")),
            "train-a i-0abc")
      << "another way to write the same";
}

TEST(AwsCaller, OnlyRolesCount) {
  for (const char* arn :
       {"arn:aws:iam::123456789012:user/Alice", "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/bob", "arn:aws:iam::123456789012:role/train-a",
        "arn:aws:sts::123456789012:user/moto",
        "arn:aws:sts:eu-west-1:123456789012:assumed-role/a/s",
        "arn:aws:iam::123456789012:assumed-role/train-a/s",
        "arn:aws:sts::123456789012:Assumed-Role/train-a/s"}) {
    EXPECT_EQ(outcome(answer(arn)), "not_a_role") << arn;
  }
}

AwsCaller a_caller(std::string role = "train-a") {
  AwsCaller caller;
  caller.partition = "aws";
  caller.account = "123456789012";
  caller.role = std::move(role);
  caller.session = "i-0abc";
  return caller;
}

TEST(AwsCaller, PatternsMeanNames) {
  struct Row {
    const char* pattern;
    bool fits;
  };
  for (const Row& row :
       std::vector<Row>{{"arn:aws:iam::123456789012:role/train-a", true},
                        {"arn:aws:iam::123456789012:role/train-*", true},
                        {"arn:aws:iam::123456789012:role/train-a*", true},
                        {"arn:aws:iam::123456789012:role/*", true},
                        {"arn:aws:iam::123456789012:role/train-", false},
                        {"arn:aws:iam::123456789012:role/train-ab", false},
                        {"arn:aws:iam::123456789012:role/Train-a", false},
                        {"arn:aws:iam::123456789012:role/train-b*", false},
                        {"arn:aws:iam::123456789012:role/", false},
                        {"arn:aws:iam::123456789012:role", false},
                        {"arn:aws:iam::210987654321:role/train-a", false},
                        {"arn:aws-cn:iam::123456789012:role/train-a", false},
                        {"arn:aws:iam::*:role/train-a", false},
                        {"arn:*:iam::123456789012:role/train-a", false},
                        {"arn:aws:iam::123456789012:role/*-a", false},
                        {"arn:aws:iam::123456789012:role/t*n-a", false},
                        {"arn:aws:iam::123456789012:role/t**", false},
                        {"arn:aws:iam::123456789012:role/team/train-a", false},
                        {"arn:aws:iam::123456789012:role/team/train-*", false},
                        {"arn:aws:iam::123456789012:role/*/train-a", false},
                        {"arn:aws:iam::123456789012:user/train-a", false},
                        {"arn:aws:sts::123456789012:assumed-role/train-a/i-0abc", false},
                        {"train-a", false},
                        {"*", false},
                        {"", false}}) {
    EXPECT_EQ(role_fits(row.pattern, a_caller()), row.fits) << row.pattern;
  }
}

std::vector<config::AwsRole> roles(std::vector<std::pair<std::string, std::string>> given) {
  std::vector<config::AwsRole> made;
  for (auto& [arn, group] : given) {
    config::AwsRole role;
    role.arn = arn;
    role.groups = {group};
    made.push_back(role);
  }
  return made;
}

TEST(AwsCaller, APersonOfEveryEntryThatFits) {
  const auto configured = roles({{"arn:aws:iam::123456789012:role/train-*", "training"},
                                 {"arn:aws:iam::123456789012:role/other", "others"},
                                 {"arn:aws:iam::123456789012:role/train-a", "a"},
                                 {"arn:aws:iam::123456789012:role/*", "training"}});
  const auto person = person_of(a_caller(), configured);
  ASSERT_TRUE(person);
  EXPECT_EQ(person->id, "aws:123456789012:role/train-a");
  EXPECT_EQ(person->name, "i-0abc");
  EXPECT_EQ(person->groups, (std::vector<std::string>{"training", "a"}));
  // As the configuration compares whatever looks like an address.
  EXPECT_EQ(person_of(a_caller("Train@Home"), configured)->id, "aws:123456789012:role/train@home");
  EXPECT_EQ(person_of(a_caller("Train"), configured)->id, "aws:123456789012:role/Train");
}

TEST(AwsCaller, ARoleThatNobodyNamedIsNobody) {
  EXPECT_EQ(person_of(a_caller(), {}).error().error, ProofError::unknown_role);
  EXPECT_EQ(person_of(a_caller(), roles({{"arn:aws:iam::123456789012:role/x", "x"}})).error().error,
            ProofError::unknown_role);
}

}  // namespace
}  // namespace signet::identity
