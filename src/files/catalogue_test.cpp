#include "files/catalogue.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/media_type.h"
#include "files/page_policy.h"

namespace signet::files {
namespace {

namespace fs = std::filesystem;

class CatalogueTest : public testing::Test {
 protected:
  CatalogueTest() {
    std::string pattern = (fs::temp_directory_path() / "signet-files-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~CatalogueTest() override { fs::remove_all(root_); }

  void put(std::string_view path, std::string_view bytes) {
    const fs::path full = root_ / path;
    fs::create_directories(full.parent_path());
    std::ofstream(full, std::ios::binary) << bytes;
  }
  // What load() throws, or "".
  std::string complaint(const CatalogueLimits& limits = {}) {
    try {
      Catalogue::load(root_, limits);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  }

  fs::path root_;
};

TEST_F(CatalogueTest, KeepsEveryFileWithItsCodings) {
  put("index.html", "<p>");
  put("assets/index-BbT3kQ9x.js", "let a;");
  put("assets/index-BbT3kQ9x.js.br", "brotli");
  put("assets/index-BbT3kQ9x.js.gz", "gzip");
  put("assets/deep/er/font-0aB_-cD1.woff2", std::string(200'000, 'f'));
  put("empty.txt", "");
  const Catalogue catalogue = Catalogue::load(root_);
  EXPECT_EQ(catalogue.size(), 4u);

  const File* script = catalogue.find("assets/index-BbT3kQ9x.js");
  ASSERT_NE(script, nullptr);
  EXPECT_EQ(script->media_type, "text/javascript; charset=utf-8");
  EXPECT_TRUE(script->immutable);
  EXPECT_FALSE(script->page);
  EXPECT_EQ(script->identity.bytes, "let a;");
  EXPECT_EQ(script->br.bytes, "brotli");
  EXPECT_EQ(script->gzip.bytes, "gzip");
  // A strong tag may not be shared by representations that differ (RFC 9110 §8.8.1).
  EXPECT_NE(script->identity.etag, script->br.etag);
  EXPECT_NE(script->br.etag, script->gzip.etag);

  const File* page = catalogue.find("index.html");
  ASSERT_NE(page, nullptr);
  EXPECT_TRUE(page->page);
  EXPECT_FALSE(page->immutable);
  EXPECT_FALSE(page->has_codings());
  // echo -n '<p>' | sha256sum
  EXPECT_EQ(page->identity.etag, "\"33f2799467177287a29260780a107ac9\"");

  EXPECT_EQ(catalogue.find("assets/deep/er/font-0aB_-cD1.woff2")->identity.bytes.size(), 200'000u);
  EXPECT_TRUE(catalogue.find("empty.txt")->identity.exists());
  for (const std::string_view absent :
       {"", "/", "/index.html", "index.html/", "INDEX.HTML", "assets", "assets/", "../index.html",
        "assets/index-BbT3kQ9x.js.br", "assets/../index.html", "index%2ehtml"}) {
    EXPECT_EQ(catalogue.find(absent), nullptr) << absent;
  }
}

TEST_F(CatalogueTest, ItsPagesAnswerForAddressesThatAreNoFiles) {
  put("index.html", "<p>");
  put("assets/index-BbT3kQ9x.js", "let a;");
  put("favicon.ico", "i");
  const Catalogue catalogue = Catalogue::load(root_);
  const File* page = catalogue.find("index.html");
  struct Case {
    std::string_view path;
    bool navigation;
    const File* expected;
  };
  const std::vector<Case> cases{
      {"", false, page},
      {"research", false, page},
      {"research/experiments/7/runs/abc", false, page},
      {"research/models/my.model", true, page},
      {"research/models/my.model", false, nullptr},
      {"missing.png", false, nullptr},
      {"favicon.ico", false, catalogue.find("favicon.ico")},
      {"favicon.ico", true, catalogue.find("favicon.ico")},
      // After a new build, an old page must see that its script is gone, not get HTML for it.
      {"assets/index-OLDOLD01.js", false, nullptr},
      {"assets/index-OLDOLD01.js", true, nullptr},
      {"assets/none", true, nullptr},
  };
  for (const Case& c : cases)
    EXPECT_EQ(catalogue.find_page(c.path, c.navigation), c.expected) << c.path;
}

TEST_F(CatalogueTest, RefusesWhatItCannotServe) {
  EXPECT_EQ(complaint(), "");
  put("a.js.br", "x");
  EXPECT_NE(complaint().find("a.js: is there only in a compressed form"), std::string::npos);
  put("a.js", "x");
  EXPECT_EQ(complaint(), "");
  EXPECT_NE(complaint({.files = 0}).find("too many files"), std::string::npos);
  EXPECT_EQ(complaint({.bytes = 2}), "");
  EXPECT_NE(complaint({.bytes = 1}).find("larger than its limit"), std::string::npos);

  put("with space.js", "x");
  EXPECT_NE(complaint().find("no address could spell"), std::string::npos);
  fs::remove(root_ / "with space.js");

  fs::create_symlink("/etc/passwd", root_ / "passwd");
  EXPECT_NE(complaint().find("passwd: is not a regular file"), std::string::npos);
  fs::remove(root_ / "passwd");

  mkfifo((root_ / "pipe").c_str(), 0600);
  EXPECT_NE(complaint().find("pipe: is not a regular file"), std::string::npos);

  EXPECT_THROW(Catalogue::load(root_ / "nowhere"), std::runtime_error);
  EXPECT_THROW(Catalogue::load(root_ / "a.js"), std::runtime_error);
}

TEST(Catalogue, AMissingPortalSaysHowToBuildIt) {
  const Catalogue catalogue = Catalogue::not_built();
  const File* page = catalogue.find_page("research", false);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->status, 503);
  EXPECT_TRUE(page->page);
  EXPECT_NE(page->identity.bytes.find("npm run build"), std::string::npos);
}

TEST(ContentHash, IsRecognisedWhereViteWritesIt) {
  for (const std::string_view yes :
       {"assets/index-BbT3kQ9x.js", "assets/index-a-b_C123.css", "assets/x.0123abcd.png",
        "assets/sub/chunk-DEADBEEF.js", "assets/a-b-c1_-x-9z.woff2"}) {
    EXPECT_TRUE(is_content_hashed(yes)) << yes;
  }
  for (const std::string_view no :
       {"index-BbT3kQ9x.js", "assets/my-component.js", "assets/index.js", "assets/BbT3kQ9x.js",
        "assets/-component.js", "assets/index-BbT3kQ9x", "assets/index-1234567.js",
        "assets/x-ab.d3f6g.js", "other/index-BbT3kQ9x.js", "assets/", "", "assets/.js"}) {
    EXPECT_FALSE(is_content_hashed(no)) << no;
  }
}

TEST(MediaType, GoesByTheExtension) {
  EXPECT_EQ(media_type("a/b.min.css"), "text/css; charset=utf-8");
  EXPECT_EQ(media_type("A.JPG"), "image/jpeg");
  EXPECT_EQ(media_type("x.woff2"), "font/woff2");
  EXPECT_EQ(media_type("x.html"), "text/html; charset=utf-8");
  for (const std::string_view unknown : {"", "js", "x.", "x.exe", "x.htmlx", "x.j", ".."})
    EXPECT_EQ(media_type(unknown), "application/octet-stream") << unknown;
}

TEST(PortalPolicy, NamesAppsAndAncestorsAndNothingElse) {
  const std::string bare = portal_policy({}, {});
  EXPECT_NE(bare.find("frame-src 'self';"), std::string::npos);
  EXPECT_TRUE(bare.ends_with("frame-ancestors 'self'"));
  EXPECT_EQ(bare.find("unsafe"), std::string::npos);
  const std::vector<std::string> origins{"https://a.example.com", "https://b.example.com:8443"};
  const std::vector<std::string> ancestors{"https://intranet.example.com"};
  const std::string full = portal_policy(origins, ancestors);
  EXPECT_NE(full.find("frame-src 'self' https://a.example.com https://b.example.com:8443;"),
            std::string::npos);
  EXPECT_TRUE(full.ends_with("frame-ancestors 'self' https://intranet.example.com"));
}

}  // namespace
}  // namespace signet::files
