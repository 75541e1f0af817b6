#include "identity/return_path.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

using namespace std::string_view_literals;

TEST(ReturnPath, OwnPathsAreKept) {
  for (const std::string_view path : {
           "/"sv,
           "/app"sv,
           "/app/"sv,
           "/app/research/experiments/7/runs/abc"sv,
           "/app/research/experiments/7#x"sv,
           "/app/research?a=b&c=d"sv,
           "/app?next=https://evil.example/"sv,
           "/app?next=//evil.example/"sv,
           "/app?q=a%20b%5Cc%2F..%2F"sv,
           "/app?q=../.."sv,
           "/app#//evil.example"sv,
           "/app#@evil.example"sv,
           "/app#?/../x"sv,
           "/#/experiments/7/runs/abc"sv,
           "/apps/research/"sv,
           "/apps/research/#/models/m/versions/3"sv,
           "/apps/research/static-files/a.b.c"sv,
           "/?"sv,
           "/#"sv,
           "/?#"sv,
           "/app?a#b"sv,
           "/a:b"sv,
           "/a@b"sv,
           "/@evil.example"sv,
           "/evil.example"sv,
           "/.well-known"sv,
           "/..."sv,
           "/a..b/..c/d.."sv,
           "/http:evil.example"sv,
           "/javascript:alert(1)"sv,
           "/%C3%BC/%E2%82%AC"sv,
           "/a%20b"sv,
           "/100%25"sv,
           "/a%2520b"sv,
           "/a%3Fb%23c"sv,
           "/%EF%BC%8Fevil.example"sv,
           "/signets"sv,
           "/Signet/sign-in"sv,
           "/app/signet/"sv,
           "/app?x=/signet/sign-out"sv,
       }) {
    EXPECT_EQ(safe_return_path(path), path);
  }
}

TEST(ReturnPath, NothingElseIs) {
  const std::vector<std::string_view> rows{
      // No path of an origin.
      "",
      "a",
      "app/research",
      "?a=b",
      "#x",
      ".",
      "..",
      "./",
      "../",
      "./app",
      "../app",
      "~/app",
      "*",
      "%2Fapp",
      "%2fapp",
      "@evil.example",
      ":80",
      ";/app",
      "&/app",
      "evil.example",
      "evil.example/app",
      "www.evil.example",
      "mlflow.example.com",
      "mlflow.example.com.evil.example",
      "foo.bar.evil",
      // Another origin by its scheme.
      "http://evil.example",
      "https://evil.example",
      "HTTPS://EVIL.EXAMPLE/",
      "hTtPs://evil.example/app",
      "http:evil.example",
      "https:evil.example",
      "http:/evil.example",
      "https:/evil.example",
      "https:///evil.example",
      "https:////evil.example",
      "https:\\evil.example",
      "https:\\\\evil.example",
      "https:/\\evil.example",
      "https:\\/evil.example",
      "https://mlflow.example.com/app",
      "https://mlflow.example.com@evil.example/",
      "https://mlflow.example.com:443@evil.example/",
      "https://mlflow.example.com%2F@evil.example/",
      "https://mlflow.example.com#@evil.example/",
      "https://evil.example#mlflow.example.com",
      "https://evil.example?mlflow.example.com",
      "https://evil.example/mlflow.example.com",
      "https://evil.example\\mlflow.example.com",
      "https://mlflow.example.com.evil.example/",
      "https://mlflow.example.comevil.example/",
      "https://mlflow.example.com:8443/",
      "https://mlflow.example.com:80:evil.example/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0177.0.0.1/",
      "https://127.1/",
      "https://[::1]/",
      "https://[::ffff:127.0.0.1]/",
      "https://evil%E3%80%82example/",
      "ftp://evil.example",
      "ws://evil.example",
      "file:///etc/passwd",
      "blob:https://evil.example/1",
      "filesystem:https://evil.example/",
      "view-source:https://evil.example",
      "javascript:alert(1)",
      "javascript://mlflow.example.com/%0Aalert(1)",
      "JavaScript:alert(1)",
      "java\tscript:alert(1)",
      "java\nscript:alert(1)",
      "\x01javascript:alert(1)",
      "data:text/html,x",
      "data:text/html;base64,PHNjcmlwdD4=",
      "vbscript:x",
      "mailto:a@evil.example",
      "about:blank",
      "x:/app",
      // Another origin without a scheme.
      "//",
      "///",
      "////",
      "//evil.example",
      "//evil.example/",
      "//evil.example/app",
      "///evil.example",
      "////evil.example",
      "/////////evil.example",
      "//evil.example:443",
      "//user@evil.example",
      "//mlflow.example.com@evil.example",
      "//evil.example?x",
      "//evil.example#x",
      "//2130706433",
      "//0x7f.1",
      "//0177.1",
      "//[::1]",
      "//%65vil.example",
      "//@evil.example",
      "//\\evil.example",
      "//.evil.example",
      "//app/../evil.example",
      "//foo.bar.evil",
      // Browsers take "\" for "/".
      "\\",
      "\\\\",
      "\\/",
      "/\\",
      "/\\/",
      "/\\\\",
      "\\evil.example",
      "\\\\evil.example",
      "\\/evil.example",
      "/\\evil.example",
      "/\\/evil.example",
      "/\\\\evil.example",
      "\\\\\\evil.example",
      "/app\\evil.example",
      "/app/\\evil.example",
      "/app\\..\\evil",
      "/app?a=\\",
      "/app#\\",
      "/\\@evil.example",
      "/\\[::1]",
      "/%5Cevil.example",
      "/%5cevil.example",
      "/%5C%5Cevil.example",
      "/%5C/evil.example",
      "/app/%5C..",
      "/%255Cevil.example",
      "/%25255Cevil.example",
      // Browsers leave out tabs and line breaks, and trim white space.
      " /app",
      "\t/app",
      "\n/app",
      "/app ",
      "/app\n",
      "/ /evil.example",
      "/\t/evil.example",
      "/\n/evil.example",
      "/\r/evil.example",
      "/\r\n/evil.example",
      "/\v/evil.example",
      "/\f/evil.example",
      "/\v\\evil.example",
      "/\t\\evil.example",
      "/ \\evil.example",
      "/\t\t/evil.example",
      "/\t",
      "/ ",
      "\t//evil.example",
      " //evil.example",
      "\r\n//evil.example",
      "/\x01/evil.example",
      "/\x1b/evil.example",
      "/\x7f/evil.example",
      "/app\r\nLocation: https://evil.example",
      "/app\r\n\r\n<script>",
      "\0/app"sv,
      "/\0/evil.example"sv,
      "/app\0"sv,
      "/app\0.evil.example"sv,
      "/%00/evil.example",
      "/%09/evil.example",
      "/%0A/evil.example",
      "/%0D%0ALocation:%20https://evil.example",
      "/%0d/evil.example",
      "/%0B/evil.example",
      "/%1F",
      "/%7F",
      "/app?a=%0D%0ASet-Cookie:x",
      "/app?a=%00",
      "/app#%0A",
      "/%2500",
      "/%250A/evil.example",
      "/%25250D",
      // Bytes that no URL has; some readers fold them to "/" or to nothing.
      "/\xc3\xbc",
      ("/\xef\xbc\x8f"
       "evil.example"),
      "/\xe2\x80\x8b/evil.example",
      "/\xe3\x80\x82/evil.example",
      "\xef\xbb\xbf/app",
      "/\xc2\xa0/evil.example",
      "/\x80",
      "/\xff",
      "/app?\xc3\xbc",
      "/app#\xc3\xbc",
      "/%FF",
      "/%C0%AFevil.example",
      "/%E0%80%AF",
      "/%ED%A0%80",
      "/%C3",
      "/%25C0%25AF",
      // Dot segments, which a reader removes and so moves the slashes together.
      "/.",
      "/..",
      "/./",
      "/../",
      "/.//evil.example",
      "/..//evil.example",
      "/./\\evil.example",
      "/./../../\\evil.example",
      "/.\\evil.example",
      "/app/.",
      "/app/..",
      "/app/./x",
      "/app/../x",
      "/app/..//evil.example",
      "/app/../../evil.example",
      "/app/...//evil.example",
      "/app/..?x",
      "/app/..#x",
      "/%2E",
      "/%2e%2e",
      "/.%2e",
      "/%2E.",
      "/%2E/evil.example",
      "/app/%2e%2E/evil.example",
      "/app/%2e%2e%2fevil.example",
      "/%252e%252e/evil.example",
      "/.%252e/evil.example",
      "/%25252e/evil.example",
      "/app/%2%65",
      "/app/%25%32%65",
      "/app/%%32e",
      "/..;/evil.example",
      "/app/..;x/evil.example",
      "/app;x",
      "/;",
      "/;/evil.example",
      // Empty segments, which a reader that strips a prefix turns into a host.
      "/app//evil.example",
      "/app//",
      "/app///x",
      "/apps/research//evil.example",
      "/a//?x",
      // An encoded slash.
      "/%2F",
      "/%2f",
      "/%2Fevil.example",
      "/%2f%2fevil.example",
      "/%2F/evil.example",
      "/app%2Fx",
      "/app/%2F/evil.example",
      "/%252Fevil.example",
      "/%25252Fevil.example",
      "/%2525252525252Fx",
      "/%25252525252525252541",
      // A "%" that encodes nothing.
      "/%",
      "/%4",
      "/%zz",
      "/%u002F",
      "/%2",
      "/app%",
      "/app?a=%",
      "/app?a=%4",
      "/app#%",
      "/app#%zz",
      "/% 2F",
      // One fragment, at the end.
      "/app#a#b",
      "/##",
      "/app#@evil.example#",
      // Sign-in would lead to sign-in, or straight out again.
      "/signet",
      "/signet/",
      "/signet/sign-in",
      "/signet/sign-out",
      "/signet/callback/corp?code=1",
      "/signet/sign-in?return=/app",
      "/signet?x",
      "/signet#x",
      "/%73ignet/sign-out",
      "/signe%74",
      "/%2573ignet/sign-out",
      "/signet/%73ign-out",
  };
  EXPECT_GE(rows.size(), 150U);
  for (const std::string_view row : rows) {
    EXPECT_EQ(safe_return_path(row), std::nullopt) << testing::PrintToString(std::string(row));
  }
}

// Bytes that are UTF-8 only once they are decoded twice: the gateway itself would refuse them.
TEST(ReturnPath, IsUtf8HoweverOftenItIsDecoded) {
  for (const char* path : {"/9%25%632%98", "/%25c3%A4", "/%C3%25a4"}) {
    EXPECT_EQ(safe_return_path(path), std::nullopt) << path;
  }
  for (const char* path : {"/%C3%A4", "/%25C3%25A4"}) {
    EXPECT_EQ(safe_return_path(path), path);
  }
}

TEST(ReturnPath, EveryByteBehindTheFirstSlash) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string host = std::string("/") + static_cast<char>(byte) + "/evil.example";
    const bool fine = byte >= 0x21 && byte <= 0x7E && byte != '/' && byte != '\\' && byte != '.' &&
                      byte != '%' && byte != ';';
    EXPECT_EQ(safe_return_path(host).has_value(), fine) << byte;
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::string escape = std::string("/%") + kDigits[byte >> 4] + kDigits[byte & 15];
    const bool escape_is_fine =
        byte >= 0x20 && byte < 0x7F && byte != '/' && byte != '\\' && byte != '.';
    EXPECT_EQ(safe_return_path(escape + "/evil.example").has_value(), escape_is_fine) << byte;
  }
}

TEST(ReturnPath, IsShort) {
  const std::string longest = "/" + std::string(kMaxReturnPathBytes - 1, 'a');
  EXPECT_EQ(safe_return_path(longest), longest);
  EXPECT_EQ(safe_return_path(longest + 'a'), std::nullopt);
  std::string nested = "/%";
  while (nested.size() < kMaxReturnPathBytes - 2)
    nested += "25";
  EXPECT_EQ(safe_return_path(nested), std::nullopt) << "decoding ends";
}

}  // namespace
}  // namespace signet::identity
