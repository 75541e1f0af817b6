#include "credentials/ini.h"

#include <gtest/gtest.h>

namespace signet::credentials {
namespace {

TEST(Ini, ReadsSectionsSettingsAndComments) {
  auto parsed = parse_ini(
      "# a comment\r\n"
      "; another\n"
      "\n"
      "[default]\n"
      "AWS_Access_Key_Id = AKID  \r\n"
      "aws_secret_access_key=a/b+c=#;= # behind a space\n"
      "empty =\n"
      "  \t\n"
      "s3 =\n"
      "  max_concurrent_requests = 20\n"
      "\tother = 1\n"
      "region = eu-west-1\t; here\n"
      "[ profile \tx y ] # comment\n"
      "role_arn = r\n"
      "[last]");
  ASSERT_TRUE(parsed) << parsed.error().line << parsed.error().what;
  ASSERT_EQ(parsed->size(), 3u);
  const Section& first = (*parsed)[0];
  EXPECT_EQ(first.name, "default");
  EXPECT_EQ(first.line, 4);
  ASSERT_EQ(first.properties.size(), 5u);
  EXPECT_EQ(first.properties[0].name, "aws_access_key_id");
  EXPECT_EQ(first.properties[0].value, "AKID");
  EXPECT_EQ(first.properties[1].value, "a/b+c=#;=");
  EXPECT_EQ(first.properties[1].line, 6);
  EXPECT_EQ(first.properties[2].value, "");
  EXPECT_EQ(first.properties[3].name, "s3");
  EXPECT_EQ(first.properties[3].value, "");
  EXPECT_EQ(first.properties[4].value, "eu-west-1");
  EXPECT_EQ((*parsed)[1].name, "profile \tx y");
  EXPECT_EQ((*parsed)[2].name, "last");
}

TEST(Ini, NothingIsNoSection) {
  for (std::string_view text : {"", "\n\n", "# only\n", " \t\r\n"}) {
    auto parsed = parse_ini(text);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->empty());
  }
}

TEST(Ini, NamesTheLineOfWhatItRefuses) {
  struct Row {
    std::string text;
    int line;
    std::string_view what;
  };
  std::string many = "[a]\n";
  for (int i = 0; i <= 100; ++i)
    many += "k" + std::to_string(i) + "=1\n";
  std::string sections;
  for (int i = 0; i <= 1000; ++i)
    sections += "[s" + std::to_string(i) + "]\n";
  for (const Row& row : std::initializer_list<Row>{
           {"a = b\n", 1, "before the first"},
           {"[a\nb = c", 1, "without \"]\""},
           {"[]\n", 1, "without a name"},
           {"[ \t]\n", 1, "without a name"},
           {"[a] b\n", 1, "behind"},
           {"[[a]\n", 1, "second"},
           {"\n[a]\n[b]\n[a]\n", 4, "there already"},
           {"[a]\nx = 1\nX = 2\n", 3, "has already"},
           {"[a]\nwJalrXUtnFEMIbPxRfiCY\n", 2, "neither"},
           {"[a]\n= 1\n", 2, "without a name"},
           {"  x = 1\n", 1, "continues nothing"},
           {"[a]\n  x = 1\n", 2, "continues nothing"},
           {std::string("[a]\nx = \0\n", 9), 2, "control"},
           {"[a]\nx = \x7f\n", 2, "control"},
           {"[a]\rx = 1\n", 1, "control"},
           {"[a]\nx = " + std::string(kMaxIniLine, 'y') + "\n", 2, "64 KiB"},
           {std::string(kMaxIniBytes + 1, '\n'), 0, "1 MiB"},
           {many, 102, "100 settings"},
           {sections, 1001, "1000 sections"},
       }) {
    auto parsed = parse_ini(row.text);
    ASSERT_FALSE(parsed) << row.what;
    EXPECT_EQ(parsed.error().line, row.line) << row.what;
    EXPECT_NE(parsed.error().what.find(row.what), std::string::npos) << parsed.error().what;
    EXPECT_EQ(parsed.error().what.find("wJalr"), std::string::npos);
  }
}

}  // namespace
}  // namespace signet::credentials
