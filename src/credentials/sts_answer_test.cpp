#include "credentials/sts_answer.h"

#include <gtest/gtest.h>

#include "credentials/rig_for_tests.h"

namespace signet::credentials {
namespace {

std::string garbage(std::string_view xml) {
  auto answer = parse_sts_answer(xml);
  auto* found = std::get_if<StsGarbage>(&answer);
  return found == nullptr ? "accepted" : found->what;
}

TEST(StsAnswer, ReadsCredentials) {
  // A token is as long as STS likes.
  std::string token(3000, 't');
  auto answer =
      parse_sts_answer(credentials_xml("ASIAEXAMPLE", "a/b+c=", token, "2015-08-30T13:36:00Z"));
  auto* keys = std::get_if<Keys>(&answer);
  ASSERT_NE(keys, nullptr) << std::get<StsGarbage>(answer).what;
  EXPECT_EQ(keys->key.id, "ASIAEXAMPLE");
  EXPECT_EQ(keys->key.secret, "a/b+c=");
  EXPECT_EQ(keys->key.token, token);
  EXPECT_EQ(keys->expires, 1440941760);
}

TEST(StsAnswer, ReadsWhatXmlAllows) {
  auto answer = parse_sts_answer(
      "<?xml version='1.0' encoding='UTF-8'?><!-- c --><AssumeRoleResponse><AssumeRoleResult>"
      "<Credentials><Expiration>2015-08-30T13:36:00.123Z</Expiration><SecretAccessKey><![CDATA[a]]>"
      "&#x2F;b</SecretAccessKey><SessionToken>x&amp;y</SessionToken>"
      "<AccessKeyId>AS<!-- c -->IA</AccessKeyId></Credentials></AssumeRoleResult>"
      "</AssumeRoleResponse>");
  auto* keys = std::get_if<Keys>(&answer);
  ASSERT_NE(keys, nullptr) << std::get<StsGarbage>(answer).what;
  EXPECT_EQ(keys->key.id, "ASIA");
  EXPECT_EQ(keys->key.secret, "a/b");
  EXPECT_EQ(keys->key.token, "x&y");
}

TEST(StsAnswer, ReadsRefusals) {
  auto answer = parse_sts_answer(error_xml("AccessDenied", "User: x\n&#233; is not authorized"));
  auto* refusal = std::get_if<StsRefusal>(&answer);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->code, "AccessDenied");
  EXPECT_EQ(refusal->message, "User: x    is not authorized");
  // A message is cut; what comes behind it does not matter.
  answer = parse_sts_answer(error_xml("Throttling", std::string(5000, 'm')));
  refusal = std::get_if<StsRefusal>(&answer);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->message.size(), 1024u);
}

TEST(StsAnswer, EveryTruncationIsGarbage) {
  std::string whole = credentials_xml("ASIA", "s", "t", "2015-08-30T13:36:00Z");
  for (std::size_t size = 0; size + 1 < whole.size(); ++size)
    EXPECT_NE(garbage(whole.substr(0, size)), "accepted") << size;
  EXPECT_EQ(garbage(whole), "accepted");
}

TEST(StsAnswer, SaysWhyItIsGarbage) {
  struct Row {
    std::string xml;
    std::string_view what;
  };
  constexpr std::string_view kTime = "2015-08-30T13:36:00Z";
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">";
  for (int i = 0; i < 9; ++i)
    bomb += fmt::format("<!ENTITY l{} \"{}\">", i, "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;");
  bomb += "]><AssumeRoleResponse>&l8;</AssumeRoleResponse>";
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "<a>";
  std::string wide = "<a>";
  for (int i = 0; i < 1000; ++i)
    wide += "<b/>";
  std::string twice =
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A"
      "</AccessKeyId><AccessKeyId>B</AccessKeyId>";
  for (const Row& row : std::initializer_list<Row>{
           {"", "not XML"},
           {"{\"message\": \"no\"}", "not XML"},
           {"<html><body>Bad gateway</body></html>", "without AccessKeyId"},
           {"<a></a><b></b>", "not XML"},
           {"<a>\xff</a>", "not XML"},
           {"<a>&unknown;</a>", "not XML"},
           {std::string(kMaxStsAnswer + 1, ' '), "larger than 1 MiB"},
           {std::string(kMaxStsAnswer, 'x'), "not XML"},
           {bomb, "a document type"},
           {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "a document type"},
           {"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY % x SYSTEM 'http://x/'> %x;]><a/>",
            "a document type"},
           {deep, "nested too deeply"},
           {wide, "too many elements"},
           {twice, "there twice"},
           {"<ErrorResponse><Error><Message>m</Message></Error></ErrorResponse>",
            "without AccessKeyId"},
           {"<ErrorResponse><Error><Code></Code></Error></ErrorResponse>", "whose code is none"},
           {error_xml("a b", "m"), "whose code is none"},
           {error_xml(std::string(129, 'c'), "m"), "too long"},
           {credentials_xml("", "s", "t", kTime), "without AccessKeyId"},
           {credentials_xml("A", "", "t", kTime), "without SecretAccessKey"},
           {credentials_xml("A", "s", "", kTime), "without SessionToken"},
           {credentials_xml("A", "s", "t", ""), "without Expiration"},
           {credentials_xml("A", "s", "t", "tomorrow"), "not a time"},
           {credentials_xml("A", "s", "t", "2015-02-30T13:36:00Z"), "not a time"},
           {credentials_xml("A", "s", "t\r\nx-injected: 1", kTime), "characters"},
           {credentials_xml("A A", "s", "t", kTime), "characters"},
           {credentials_xml("A", "s", "t\xc3\xa9", kTime), "characters"},
           {credentials_xml(std::string(129, 'A'), "s", "t", kTime), "too long"},
           {credentials_xml("A", std::string(257, 's'), "t", kTime), "too long"},
           {credentials_xml("A", "s", std::string(kMaxSessionToken + 1, 't'), kTime), "too long"},
       }) {
    EXPECT_NE(garbage(row.xml).find(row.what), std::string::npos)
        << garbage(row.xml) << " for " << row.xml.substr(0, 200);
  }
}

}  // namespace
}  // namespace signet::credentials
