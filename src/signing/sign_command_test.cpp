#include "signing/sign_command.h"

#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace signet::signing {
namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

const Environment kKeys{{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                        {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};
constexpr std::string_view kVanilla = "GET / HTTP/1.1\nHost:example.amazonaws.com\n";
constexpr std::string_view kVanillaAuthorization =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    "SignedHeaders=host;x-amz-date, "
    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

struct Result {
  int code;
  std::string out;
  std::string err;
};

SignOptions options() {
  SignOptions options;
  options.service = "service";
  options.region = "us-east-1";
  options.time = "20150830T123600Z";
  return options;
}

Result run(SignOptions options, std::string_view request, const Environment& environment = kKeys) {
  options.environment = [&environment](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  std::istringstream in{std::string(request)};
  std::ostringstream out;
  std::ostringstream err;
  const int code = sign_command(options, in, out, err);
  return {code, out.str(), err.str()};
}

TEST(SignCommand, PrintsTheAuthorizationAndOneNewline) {
  const Result result = run(options(), kVanilla);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, std::string(kVanillaAuthorization) + '\n');
  EXPECT_EQ(result.err, "");
}

TEST(SignCommand, TakesNowWhenNoTimeIsGiven) {
  SignOptions now = options();
  now.time.clear();
  now.now = 1440938160;
  EXPECT_EQ(run(now, kVanilla).out, std::string(kVanillaAuthorization) + '\n');
}

TEST(SignCommand, ShowsTheTextsOnTheWay) {
  SignOptions show = options();
  show.show = Show::kCanonicalRequest;
  EXPECT_EQ(run(show, kVanilla).out,
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
  show.show = Show::kStringToSign;
  EXPECT_EQ(run(show, kVanilla).out,
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63\n");
}

TEST(SignCommand, ShowsTheSignedRequest) {
  SignOptions show = options();
  show.show = Show::kRequest;
  EXPECT_EQ(run(show, kVanilla).out, std::string(kVanilla) +
                                         "X-Amz-Date: 20150830T123600Z\nAuthorization: " +
                                         std::string(kVanillaAuthorization) + "\n\n\n");
  const Result crlf = run(show, "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: old\r\n\r\nb\n");
  EXPECT_TRUE(
      crlf.out.starts_with("POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Date: 20150830T123600Z\r\n"
                           "Authorization: AWS4-HMAC-SHA256 "));
  EXPECT_TRUE(crlf.out.ends_with("\r\n\r\nb\n\n"));
  EXPECT_FALSE(crlf.out.contains("old"));
}

TEST(SignCommand, SignsAllHeadersOrThoseOfTheGateway) {
  const std::string request =
      "POST / HTTP/1.1\nHost: h\nAccept: */*\nContent-Type: a\nUser-Agent: u\nX-Amz-Target: t\n"
      "x-sm-mlflow-app-arn: arn\nX-Amz-Date: 20000101T000000Z\n\nbody";
  SignOptions all = options();
  EXPECT_TRUE(run(all, request)
                  .out.contains("SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;"
                                "x-sm-mlflow-app-arn, "));
  all.headers = Headers::kGateway;
  EXPECT_TRUE(run(all, request)
                  .out.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                                "x-amz-target;x-sm-mlflow-app-arn, "));
  all.show = Show::kCanonicalRequest;
  EXPECT_TRUE(run(all, request)
                  .out.contains("x-amz-content-sha256:230d8358dc8e8890b4c58deeb62912ee2f20357ae92a"
                                "5cc861b98e68fe31acb5\nx-amz-date:20150830T123600Z\n"));
}

TEST(SignCommand, UsesAGivenPayloadHashUnlessTheGatewaySigns) {
  const std::string request =
      "PUT / HTTP/1.1\nHost: h\nX-Amz-Content-SHA256: UNSIGNED-PAYLOAD\n\nb";
  SignOptions show = options();
  show.show = Show::kCanonicalRequest;
  EXPECT_TRUE(run(show, request).out.ends_with("\nUNSIGNED-PAYLOAD\n"));
  show.headers = Headers::kGateway;
  EXPECT_FALSE(run(show, request).out.contains("UNSIGNED-PAYLOAD"));
}

TEST(SignCommand, AddsTheSessionToken) {
  Environment temporary = kKeys;
  temporary["AWS_SESSION_TOKEN"] = "the token";
  SignOptions show = options();
  show.show = Show::kRequest;
  for (const Headers headers : {Headers::kAll, Headers::kGateway}) {
    show.headers = headers;
    const Result result =
        run(show, "GET / HTTP/1.1\nHost: h\nX-Amz-Security-Token: old\n\n", temporary);
    EXPECT_TRUE(result.out.contains("the token\n"));
    EXPECT_TRUE(result.out.contains("x-amz-security-token, Signature="));
    EXPECT_FALSE(result.out.contains("old"));
  }
}

TEST(SignCommand, NormalizesThePathUnlessToldNotTo) {
  SignOptions show = options();
  show.show = Show::kCanonicalRequest;
  constexpr std::string_view kRequest = "GET /a/../b//c HTTP/1.1\nHost: h\n\n";
  EXPECT_TRUE(run(show, kRequest).out.starts_with("GET\n/b/c\n"));
  show.service = "s3";
  EXPECT_TRUE(run(show, kRequest).out.starts_with("GET\n/a/../b//c\n"));
  show = options();
  show.show = Show::kCanonicalRequest;
  show.normalize_path = false;
  EXPECT_TRUE(run(show, kRequest).out.starts_with("GET\n/a/../b//c\n"));
}

TEST(SignCommand, TakesTheHostOfAnAbsoluteTarget) {
  SignOptions show = options();
  show.show = Show::kCanonicalRequest;
  EXPECT_TRUE(run(show, "GET http://H:80/a HTTP/1.1\n\n").out.starts_with("GET\n/a\n\nhost:h\n"));
  EXPECT_TRUE(run(show, "GET http://H/a HTTP/1.1\nHost: given\n\n").out.contains("\nhost:given\n"));
}

TEST(SignCommand, WarnsOfAWrongContentLength) {
  const Result wrong = run(options(), "PUT / HTTP/1.1\nHost: h\nContent-Length: 1\n\nb\n");
  EXPECT_EQ(wrong.code, 0);
  EXPECT_TRUE(
      wrong.err.contains("Content-Length is 1, but the body on standard input has 2 bytes"));
  EXPECT_EQ(run(options(), "PUT / HTTP/1.1\nHost: h\nContent-Length: 1\n\nb").err, "");
}

TEST(SignCommand, WarnsThatS3WantsTheHash) {
  SignOptions s3 = options();
  s3.service = "s3";
  const Result result = run(s3, kVanilla);
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.err.contains("S3 refuses requests without x-amz-content-sha256"));
  s3.headers = Headers::kGateway;
  EXPECT_EQ(run(s3, kVanilla).err, "");
}

struct Wrong {
  std::string_view name;
  void (*spoil)(SignOptions&, Environment&, std::string&);
  std::string_view message;
};

constexpr Wrong kWrongUses[] = {
    {"no key", [](SignOptions&, Environment& env, std::string&) { env.erase("AWS_ACCESS_KEY_ID"); },
     "AWS_ACCESS_KEY_ID is not set"},
    {"empty secret",
     [](SignOptions&, Environment& env, std::string&) { env["AWS_SECRET_ACCESS_KEY"] = ""; },
     "AWS_SECRET_ACCESS_KEY is not set"},
    {"service", [](SignOptions& options, Environment&, std::string&) { options.service = ""; },
     "--service"},
    {"region", [](SignOptions& options, Environment&, std::string&) { options.region = "a/b"; },
     "--region"},
    {"time", [](SignOptions& options, Environment&, std::string&) { options.time = "today"; },
     "--time"},
    {"no request", [](SignOptions&, Environment&, std::string& text) { text = ""; }, "line 1"},
    {"no host", [](SignOptions&, Environment&, std::string& text) { text = "GET / HTTP/1.1\n\n"; },
     "no Host header"},
    {"fragment",
     [](SignOptions&, Environment&, std::string& text) { text = "GET /#a HTTP/1.1\nHost: h\n\n"; },
     "fragment"},
};

TEST(SignCommand, SaysWhatIsWrongAndExitsWithTwo) {
  for (const Wrong& wrong : kWrongUses) {
    SignOptions spoiled = options();
    Environment environment = kKeys;
    std::string request(kVanilla);
    wrong.spoil(spoiled, environment, request);
    const Result result = run(spoiled, request, environment);
    EXPECT_EQ(result.code, 2) << wrong.name;
    EXPECT_EQ(result.out, "") << wrong.name;
    EXPECT_TRUE(result.err.starts_with("signet sign: ")) << wrong.name;
    EXPECT_TRUE(result.err.contains(wrong.message)) << wrong.name << ": " << result.err;
    EXPECT_TRUE(result.err.ends_with('\n'));
    EXPECT_FALSE(result.err.contains(kKeys.at("AWS_SECRET_ACCESS_KEY"))) << wrong.name;
  }
}

TEST(SignCommand, ExitsWithOneWhenItCannotReadOrWrite) {
  SignOptions fine = options();
  fine.environment = [](std::string_view) { return std::optional<std::string>("x"); };
  std::istringstream in{std::string(kVanilla)};
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(sign_command(fine, in, out, err), 1);
  EXPECT_TRUE(err.str().contains("cannot write"));

  std::istringstream broken{std::string(kVanilla)};
  broken.setstate(std::ios::badbit);
  std::ostringstream fine_out;
  EXPECT_EQ(sign_command(fine, broken, fine_out, err), 1);
  EXPECT_EQ(fine_out.str(), "");
}

}  // namespace
}  // namespace signet::signing
