#include "gateway/page_editor.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::gateway {
namespace {

TEST(PageEditor, AScriptOfOursIsTheFirstOfTheHead) {
  struct Row {
    const char* name;
    std::string page;  // "^": where the script comes
  };
  for (const Row& row : std::vector<Row>{
           {"MLflow's own", "<!doctype html><html lang=\"en\"><head>^<meta charset=\"utf-8\"/>"},
           {"capitals", "<HTML><HEAD>^<TITLE>x</TITLE></HEAD>"},
           {"attributes", "<html><head lang=en data-a='b'>^<script src=a></script>"},
           {"a line feed", "<html>\n<head\n  lang=\"en\"\n>^<script src=a></script>"},
           {"a tab", "<head\tx>^"},
           {"a slash", "<head/>^<title>"},
           {"a > in a value", "<head data-x=\"a>b\" data-y='>'>^<title>"},
           {"a quote in a value without quotes", "<head data-x=a\"b>^<title>\"</title>"},
           {"a quote without a value", "<head \">^<title>\"</title>"},
           {"a comment before", "<!-- <head> --><html><head>^<title>"},
           {"a comment that says little", "<!--><head>^<title>--></title>"},
           {"a header", "<header><head>^"},
           {"a > in html's value", "<html data-x=\"<head>\"><head>^<title>"},
           {"only the first", "<head>^<script>var a = '<head>';</script>"},
           {"nothing behind", "<head>^"}}) {
    std::string page = row.page;
    const std::size_t mark = page.find('^');
    page.erase(mark, 1);
    std::string expected = row.page;
    expected.replace(mark, 1, "<script src=\"/signet/static/a.js\"></script>");
    EXPECT_EQ(with_script(page, "/signet/static/a.js"), expected) << row.name;
  }
}

TEST(PageEditor, APageWithoutAHeadIsLeftAlone) {
  for (const char* page :
       {"", "<", "<h", "<head", "<head ", "<head lang=\"en>", "<header>", "<thead>", "<heads>",
        "text", "<html><body><p>a</p></body></html>", "<body><head></body>", "</head>",
        "<!-- <head> -->", "<!-- <head>", "<html data-x=\"<head>", "< head>"}) {
    EXPECT_EQ(with_script(page, "/a.js"), page);
  }
}

// Pages come from servers that may be broken, or hostile: it ends, and not late.
TEST(PageEditor, StrangePagesTakeNoTime) {
  for (const char* piece : {"<", "<!--", "<a b=\"", "<head", "=\"", "<html ", "<a>"}) {
    std::string page;
    while (page.size() < (1 << 20))
      page += piece;
    EXPECT_EQ(with_script(page, "/a.js"), page) << piece;
    EXPECT_EQ(edit_page(page), page) << piece;
  }
}

}  // namespace
}  // namespace signet::gateway
