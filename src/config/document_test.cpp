#include "config/document.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::config {
namespace {

std::string problem_of(std::string_view text) {
  auto document = parse_document("f", text);
  if (!document) return document.error().front().text();
  return document->duplicates.empty() ? "" : document->duplicates.front().text();
}

TEST(Document, Tree) {
  auto document =
      parse_document("f", "a: 1\nb:\n  - x\n  - \"2\"\nc: {d: null, e: 1.5, f: true}\n");
  ASSERT_TRUE(document);
  const Node& root = document->nodes[document->root];
  ASSERT_EQ(root.members.size(), 3u);
  const Node& a = document->nodes[root.members[0].value];
  EXPECT_EQ(a.scalar, ScalarType::integer);
  EXPECT_EQ(a.place, (Place{1, 4}));
  const Node& b = document->nodes[root.members[1].value];
  ASSERT_EQ(b.items.size(), 2u);
  EXPECT_EQ(document->nodes[b.items[1]].scalar, ScalarType::text);
  EXPECT_EQ(document->nodes[b.items[1]].place, (Place{4, 5}));
  const Node& c = document->nodes[root.members[2].value];
  EXPECT_EQ(document->nodes[c.members[0].value].scalar, ScalarType::null);
  EXPECT_EQ(document->nodes[c.members[1].value].scalar, ScalarType::number);
  EXPECT_EQ(document->nodes[c.members[2].value].scalar, ScalarType::boolean);
}

TEST(Document, ScalarTypes) {
  struct Case {
    std::string_view text;
    ScalarType type;
  };
  for (auto [text, type] : std::vector<Case>{
           {"12", ScalarType::integer},    {"-3", ScalarType::integer},
           {"0o17", ScalarType::integer},  {"0xFF", ScalarType::integer},
           {"1e3", ScalarType::number},    {".5", ScalarType::number},
           {"5.", ScalarType::number},     {"-.inf", ScalarType::number},
           {".nan", ScalarType::number},   {"True", ScalarType::boolean},
           {"~", ScalarType::null},        {"null", ScalarType::null},
           {"yes", ScalarType::text},      {"off", ScalarType::text},
           {"10s", ScalarType::text},      {"1.2.3", ScalarType::text},
           {".", ScalarType::text},        {"1e", ScalarType::text},
           {"0x", ScalarType::text},       {"'12'", ScalarType::text},
           {"!!str 12", ScalarType::text}, {"127.0.0.1:80", ScalarType::text},
       }) {
    auto document = parse_document("f", "a: " + std::string(text));
    ASSERT_TRUE(document) << text;
    const Node& root = document->nodes[document->root];
    EXPECT_EQ(document->nodes[root.members[0].value].scalar, type) << text;
  }
}

TEST(Document, Problems) {
  struct Case {
    std::string_view text;
    std::string_view problem;
  };
  for (auto [text, problem] : std::vector<Case>{
           {"a: 1\nb: \xFF\n", "f:2:4: not UTF-8: save the file as UTF-8"},
           {"\xFF\xFE"
            "a",
            "f:1:1: not UTF-8: save the file as UTF-8"},
           {"a: \xED\xA0\x80", "f:1:4: not UTF-8: save the file as UTF-8"},
           {"a: \x1b[2J", "f:1:4: a control character (0x1b): remove it"},
           {std::string_view("a\0b", 3), "f:1:2: a control character (0x00): remove it"},
           {"a: 1\nb: 2\na: 3\n", "f:3:1: \"a\" is given twice, first at line 1: keep one"},
           {"a: 1\n---\nb: 2\n",
            "f:3:1: text after the document's end: a configuration is one document, check the "
            "indentation"},
           {"a: !secret x\n", "f:1:4: the tag \"!secret\": tags are not used here, remove it"},
           {"a: !!binary aGk=\n",
            "f:1:4: the tag \"tag:yaml.org,2002:binary\": tags are not used here, remove it"},
           {"? [a, b]\n: 1\n", "f:1:3: a key that is not text"},
           {"? {a: b}\n: 1\n", "f:1:3: a key that is not text"},
           {"~: 1\n", "f:1:1: a key without a name"},
           {"a: &x [*x]\n", "f:1:8: an alias inside what it stands for"},
       }) {
    EXPECT_EQ(problem_of(text), problem) << text;
  }
  for (std::string_view bad :
       {"a: [1, 2\n", "\ta: 1\n", "a: *nobody\n", "a: b: c\n", "%YAML 9\n", "]"}) {
    EXPECT_NE(problem_of(bad).find(": not YAML: "), std::string::npos) << bad << problem_of(bad);
  }
}

TEST(Document, Bounds) {
  EXPECT_NE(problem_of("{"), "");
  std::string deep = "a: " + std::string(200, '[') + std::string(200, ']');
  EXPECT_EQ(problem_of(deep), "f:1:35: nested deeper than 32 levels");
  std::string deeper(kMaxDocumentBytes, '[');
  EXPECT_NE(problem_of(deeper), "");
  std::string large(kMaxDocumentBytes + 1, '#');
  EXPECT_EQ(problem_of(large), "f:1:1: larger than 1048576 bytes");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string before = "*a" + std::to_string(i - 1);
    std::string list = before;
    for (int j = 0; j < 8; ++j)
      list += ", " + before;
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  EXPECT_NE(problem_of(bomb).find("more than 10000 values, aliases written out"),
            std::string::npos);
}

TEST(Document, AliasesAreWhatTheyStandFor) {
  auto document = parse_document("f", "a: &x {k: 1}\nb: *x\n");
  ASSERT_TRUE(document);
  const Node& root = document->nodes[document->root];
  EXPECT_EQ(root.members[0].value, root.members[1].value);
}

TEST(Document, EmptyIsNull) {
  for (std::string_view text : {"", "\n", "# only a comment\n", "---\n", "~"}) {
    auto document = parse_document("f", text);
    ASSERT_TRUE(document) << text;
    EXPECT_EQ(document->nodes[document->root].scalar, ScalarType::null) << text;
  }
}

}  // namespace
}  // namespace signet::config
