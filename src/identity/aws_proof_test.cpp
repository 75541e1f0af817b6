#include "identity/aws_proof.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'440'938'160;  // 2015-08-30T12:36:00Z
constexpr std::string_view kGateway = "mlflow.example.com";
constexpr std::string_view kSignature =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

// A proof of which one part at a time is changed.
struct Parts {
  std::string origin = "https://sts.eu-west-1.amazonaws.com";
  std::string path = "/?";
  std::string action = "Action=GetCallerIdentity&Version=2011-06-15";
  std::string algorithm = "&X-Amz-Algorithm=AWS4-HMAC-SHA256";
  std::string credential =
      "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-1%2Fsts%2Faws4_request";
  std::string date = "&X-Amz-Date=20150830T123600Z";
  std::string expires = "&X-Amz-Expires=60";
  std::string signed_headers = "&X-Amz-SignedHeaders=host%3Bx-signet-gateway";
  std::string token = "&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj%2F%2BA%3D%3D";
  std::string signature = fmt::format("&X-Amz-Signature={}", kSignature);
  std::string headers = R"({"x-signet-gateway":"mlflow.example.com"})";

  std::string query() const {
    return action + algorithm + credential + date + expires + signed_headers + token + signature;
  }
  std::string body() const {
    return fmt::format(R"({{"url":"{}{}{}","headers":{}}})", origin, path, query(), headers);
  }
  // For another Region, whose scope goes along.
  static Parts in(std::string_view region, std::string_view host) {
    Parts parts;
    parts.origin = fmt::format("https://{}", host);
    parts.credential = fmt::format(
        "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2F{}%2Fsts%2Faws4_request", region);
    return parts;
  }
};

std::string outcome(const std::string& body, std::int64_t now = kNow) {
  const auto proof = parse_aws_proof(body, kGateway, now);
  if (proof) return "good";
  EXPECT_FALSE(proof.error().detail.empty());
  return std::string(to_string(proof.error().error));
}

TEST(AwsProof, ReadsWhatTheClientSends) {
  const Parts parts;
  const auto proof = parse_aws_proof(parts.body(), kGateway, kNow);
  ASSERT_TRUE(proof) << proof.error().detail;
  EXPECT_EQ(proof->host, "sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(proof->partition, "aws");
  EXPECT_EQ(proof->query, parts.query());
  EXPECT_EQ(proof->gateway, kGateway);
  EXPECT_EQ(proof->good_until, kNow + 60);
  EXPECT_EQ(proof->signature.front(), std::byte{0x00});
  EXPECT_EQ(proof->signature.back(), std::byte{0xFF});
}

TEST(AwsProof, TheOrderOfParametersAndALaterTokenDoNotMatter) {
  Parts parts;
  parts.token.clear();
  EXPECT_EQ(outcome(parts.body()), "good") << "a user's key, which STS will tell";
  parts = {};
  std::swap(parts.action, parts.signature);
  parts.action = parts.action.substr(1);
  parts.signature = "&" + parts.signature;
  EXPECT_EQ(outcome(parts.body()), "good");
  parts = {};
  parts.origin += ":443";
  EXPECT_EQ(outcome(parts.body()), "good");
}

struct Host {
  const char* region;
  const char* host;
  const char* outcome;
};

TEST(AwsProof, HostsAreRegionalEndpointsOfSts) {
  for (const Host& row : std::vector<Host>{
           {"us-east-1", "sts.us-east-1.amazonaws.com", "aws"},
           {"us-east-1", "sts-fips.us-east-1.amazonaws.com", "aws"},
           {"ap-southeast-12", "sts.ap-southeast-12.amazonaws.com", "aws"},
           {"il-central-1", "sts.il-central-1.amazonaws.com", "aws"},
           {"us-gov-west-1", "sts.us-gov-west-1.amazonaws.com", "aws-us-gov"},
           {"us-gov-west-1", "sts-fips.us-gov-west-1.amazonaws.com", "aws-us-gov"},
           {"cn-north-1", "sts.cn-north-1.amazonaws.com.cn", "aws-cn"},
           {"eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu", "aws-eusc"},
           // A bucket called "sts" has these names.
           {"s3-us-west-2", "sts.s3-us-west-2.amazonaws.com", "other_host"},
           {"s3-website-1", "sts.s3-website-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.s3-website-us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.s3.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.s3.amazonaws.com", "other_host"},
           {"us-east-1", "sts.amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com.evil.example", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com.", "other_host"},
           {"us-east-1", "STS.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "evil.sts.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.evilamazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.co", "other_host"},
           {"us-east-1", "stsxus-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "iam.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts-.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts..us-east-1.amazonaws.com", "other_host"},
           {"us-east-", "sts.us-east-.amazonaws.com", "other_host"},
           {"us--1", "sts.us--1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.x.amazonaws.com", "other_host"},
           {"us-east-100", "sts.us-east-100.amazonaws.com", "other_host"},
           {"us-e4st-1", "sts.us-e4st-1.amazonaws.com", "other_host"},
           {"xx-east-1", "sts.xx-east-1.amazonaws.com", "other_host"},
           {"us-iso-east-1", "sts.us-iso-east-1.amazonaws.com", "other_host"},
           {"cn-north-1", "sts.cn-north-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com.cn", "other_host"},
           {"us-east-1", "user@sts.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com:443@evil.example", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com:8443", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com:", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com:443:443", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com:0443", "other_host"},
           {"us-east-1", "sts.us-east-1.amazonaws.com%2eevil.example", "other_host"},
           {"us-east-1", "evil.example\\\\sts.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "evil.example#sts.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "evil.example?sts.us-east-1.amazonaws.com", "other_host"},
           {"us-east-1", "127.0.0.1", "other_host"},
           {"us-east-1", "169.254.169.254", "other_host"},
           {"us-east-1", "[::1]", "other_host"},
           {"us-east-1", "", "other_host"},
           {"us-east-1", "vpce-1-2.sts.us-east-1.vpce.amazonaws.com", "other_host"}}) {
    const auto proof = parse_aws_proof(Parts::in(row.region, row.host).body(), kGateway, kNow);
    EXPECT_EQ(proof ? proof->partition : std::string(to_string(proof.error().error)), row.outcome)
        << row.host;
  }
}

struct Change {
  const char* what;
  std::string Parts::* part;
  std::string value;
  const char* outcome;
};

TEST(AwsProof, OneThingIsWrong) {
  const std::string action = Parts().action;
  const std::string signature = Parts().signature;
  const std::string gateway = R"("x-signet-gateway":"mlflow.example.com")";
  for (const Change& row : std::vector<Change>{
           {"plain http", &Parts::origin, "http://sts.eu-west-1.amazonaws.com", "bad_url"},
           {"capitals", &Parts::origin, "HTTPS://sts.eu-west-1.amazonaws.com", "bad_url"},
           {"a space", &Parts::origin, " https://sts.eu-west-1.amazonaws.com", "bad_url"},
           {"no scheme", &Parts::origin, "//sts.eu-west-1.amazonaws.com", "bad_url"},
           {"a path", &Parts::path, "/x?", "bad_url"},
           {"two slashes", &Parts::path, "//?", "bad_url"},
           {"dots", &Parts::path, "/../?", "bad_url"},
           {"no path", &Parts::path, "?", "bad_url"},
           {"an encoded path", &Parts::path, "/%3F?", "bad_url"},
           {"a fragment", &Parts::signature, signature + "#x", "bad_query"},
           {"a fragment in front", &Parts::path, "/#?", "bad_url"},
           {"a second query", &Parts::path, "/??", "bad_query"},

           {"another action", &Parts::action, "Action=GetSessionToken&Version=2011-06-15",
            "other_action"},
           {"lower case", &Parts::action, "Action=getcalleridentity&Version=2011-06-15",
            "other_action"},
           {"another version", &Parts::action, "Action=GetCallerIdentity&Version=2011-06-16",
            "other_action"},
           {"no action", &Parts::action, "Version=2011-06-15", "bad_query"},
           {"an empty action", &Parts::action, "Action=&Version=2011-06-15", "other_action"},
           {"two actions", &Parts::action, action + "&Action=AssumeRole", "bad_query"},
           {"the same twice", &Parts::action, action + "&Action=GetCallerIdentity", "bad_query"},
           {"two by encoding", &Parts::action, action + "&%41ction=AssumeRole", "bad_query"},
           {"an action in plain spelt otherwise", &Parts::action,
            "Action=%47etCallerIdentity&Version=2011-06-15", "bad_query"},
           {"a name spelt otherwise", &Parts::action,
            "%41ction=GetCallerIdentity&Version=2011-06-15", "bad_query"},
           {"a name in lower case", &Parts::action, "action=GetCallerIdentity&Version=2011-06-15",
            "bad_query"},
           {"more", &Parts::action, action + "&RoleArn=x", "bad_query"},
           {"an empty pair", &Parts::action, action + "&", "bad_query"},
           {"a name alone", &Parts::action, action + "&x", "bad_query"},
           {"a NUL", &Parts::action, action + "%00", "bad_query"},
           {"a line break", &Parts::action, action + "%0d%0aHost:%20x", "bad_query"},
           {"a semicolon", &Parts::action, "Action=GetCallerIdentity;Version=2011-06-15",
            "bad_query"},

           {"another algorithm", &Parts::algorithm, "&X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256",
            "bad_query"},
           {"no algorithm", &Parts::algorithm, "", "bad_query"},

           {"another Region", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request",
            "bad_credential"},
           {"another service", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-1%2Fiam%2Faws4_request",
            "bad_credential"},
           {"another day", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150831%2Feu-west-1%2Fsts%2Faws4_request",
            "bad_credential"},
           {"no key", &Parts::credential,
            "&X-Amz-Credential=%2F20150830%2Feu-west-1%2Fsts%2Faws4_request", "bad_credential"},
           {"more scope", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-1%2Fsts%2Faws4_request"
            "%2Fx",
            "bad_credential"},
           {"a strange key", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPL%0A%2F20150830%2Feu-west-1%2Fsts%2Faws4_request",
            "bad_query"},
           {"lower-case hex", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2f20150830%2feu-west-1%2fsts%2faws4_request",
            "bad_query"},
           {"slashes", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/sts/aws4_request",
            "bad_query"},
           {"encoded twice", &Parts::credential,
            "&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%252F20150830", "bad_credential"},
           {"no credential", &Parts::credential, "", "bad_query"},

           {"no date", &Parts::date, "", "bad_query"},
           {"an hour that is none", &Parts::date, "&X-Amz-Date=20150830T243600Z", "bad_query"},
           {"a day that is none", &Parts::date, "&X-Amz-Date=20150832T123600Z", "bad_query"},
           {"29 February", &Parts::date, "&X-Amz-Date=20150229T123600Z", "bad_query"},
           {"a zone", &Parts::date, "&X-Amz-Date=20150830T123600%2B", "bad_query"},
           {"ISO", &Parts::date, "&X-Amz-Date=2015-08-30T12%3A36%3A00Z", "bad_query"},
           {"a sign", &Parts::date, "&X-Amz-Date=-0150830T123600Z", "bad_query"},
           {"long ago", &Parts::date, "&X-Amz-Date=20150830T113600Z", "wrong_time"},
           {"just expired", &Parts::date, "&X-Amz-Date=20150830T123500Z", "wrong_time"},
           {"almost expired", &Parts::date, "&X-Amz-Date=20150830T123501Z", "good"},
           {"of the future", &Parts::date, "&X-Amz-Date=20150830T124101Z", "wrong_time"},
           {"of a fast clock", &Parts::date, "&X-Amz-Date=20150830T124100Z", "good"},

           {"long", &Parts::expires, "&X-Amz-Expires=61", "wrong_time"},
           {"a quarter of an hour", &Parts::expires, "&X-Amz-Expires=900", "wrong_time"},
           {"for ever", &Parts::expires, "&X-Amz-Expires=99999999999999999999", "bad_query"},
           {"zero", &Parts::expires, "&X-Amz-Expires=0", "bad_query"},
           {"less", &Parts::expires, "&X-Amz-Expires=-60", "bad_query"},
           {"a leading zero", &Parts::expires, "&X-Amz-Expires=060", "bad_query"},
           {"a plus", &Parts::expires, "&X-Amz-Expires=%2B60", "bad_query"},
           {"a fraction", &Parts::expires, "&X-Amz-Expires=60.0", "bad_query"},
           {"hex", &Parts::expires, "&X-Amz-Expires=0x3c", "bad_query"},
           {"a space", &Parts::expires, "&X-Amz-Expires=%2060", "bad_query"},
           {"no expiry", &Parts::expires, "", "bad_query"},
           {"a short one", &Parts::expires, "&X-Amz-Expires=1", "good"},

           {"host alone", &Parts::signed_headers, "&X-Amz-SignedHeaders=host", "not_bound"},
           {"no host", &Parts::signed_headers, "&X-Amz-SignedHeaders=x-signet-gateway",
            "not_bound"},
           {"more headers", &Parts::signed_headers,
            "&X-Amz-SignedHeaders=host%3Bx-amz-date%3Bx-signet-gateway", "not_bound"},
           {"a longer name", &Parts::signed_headers,
            "&X-Amz-SignedHeaders=host%3Bx-signet-gateway-x", "not_bound"},
           {"capitals", &Parts::signed_headers, "&X-Amz-SignedHeaders=host%3BX-Signet-Gateway",
            "not_bound"},
           {"twice", &Parts::signed_headers,
            "&X-Amz-SignedHeaders=host%3Bx-signet-gateway%3Bx-signet-gateway", "not_bound"},
           {"no signed headers", &Parts::signed_headers, "", "bad_query"},

           {"an empty token", &Parts::token, "&X-Amz-Security-Token=", "bad_query"},
           {"a token with a space", &Parts::token, "&X-Amz-Security-Token=a%20b", "bad_query"},
           {"a plus in plain", &Parts::token, "&X-Amz-Security-Token=a+b", "bad_query"},
           {"a token beyond ASCII", &Parts::token, "&X-Amz-Security-Token=%C3%A4", "bad_query"},
           {"not UTF-8", &Parts::token, "&X-Amz-Security-Token=%FF", "bad_query"},
           {"half a byte", &Parts::token, "&X-Amz-Security-Token=%4", "bad_query"},
           {"a huge token", &Parts::token, "&X-Amz-Security-Token=" + std::string(17000, 'a'),
            "malformed"},

           {"no signature", &Parts::signature, "", "bad_query"},
           {"an empty signature", &Parts::signature, "&X-Amz-Signature=", "bad_query"},
           {"a short signature", &Parts::signature, signature.substr(0, signature.size() - 2),
            "bad_query"},
           {"a long signature", &Parts::signature, signature + "00", "bad_query"},
           {"capitals in it", &Parts::signature,
            "&X-Amz-Signature=00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
            "bad_query"},
           {"two signatures", &Parts::signature, signature + signature, "bad_query"},

           {"no header", &Parts::headers, "{}", "not_bound"},
           {"another gateway", &Parts::headers, R"({"x-signet-gateway":"evil.example.com"})",
            "other_gateway"},
           {"a longer gateway", &Parts::headers,
            R"({"x-signet-gateway":"mlflow.example.com.evil.example"})", "other_gateway"},
           {"its port", &Parts::headers, R"({"x-signet-gateway":"mlflow.example.com:443"})",
            "other_gateway"},
           {"its capitals", &Parts::headers, R"({"x-signet-gateway":"MLflow.example.com"})",
            "other_gateway"},
           {"an empty one", &Parts::headers, R"({"x-signet-gateway":""})", "other_gateway"},
           {"a list", &Parts::headers, R"({"x-signet-gateway":["mlflow.example.com"]})",
            "malformed"},
           {"null", &Parts::headers, R"({"x-signet-gateway":null})", "malformed"},
           {"one more header", &Parts::headers, "{" + gateway + R"(,"host":"evil.example"})",
            "malformed"},
           {"twice the header", &Parts::headers, "{" + gateway + "," + gateway + "}", "malformed"},
           {"a name in capitals", &Parts::headers, R"({"X-Signet-Gateway":"mlflow.example.com"})",
            "not_bound"},
           {"no headers", &Parts::headers, "null", "malformed"},
           {"a list of headers", &Parts::headers, "[]", "malformed"},
           {"one more member", &Parts::headers, "{" + gateway + R"(},"method":"POST")",
            "malformed"}}) {
    Parts parts;
    parts.*row.part = row.value;
    EXPECT_EQ(outcome(parts.body()), row.outcome) << row.what << "\n" << parts.body();
  }
}

TEST(AwsProof, WhatIsNoProof) {
  for (const char* body :
       {"", "x", "[]", "null", "\"https://sts.eu-west-1.amazonaws.com/\"", "{}", R"({"url":1})",
        R"({"url":"","headers":{"x-signet-gateway":1}})", R"({"url":[],"headers":{}})",
        R"({"url":"a","url":"b","headers":{}})", R"({"url":"a","headers":{"a":{"b":{}}}})"}) {
    EXPECT_EQ(outcome(body), "malformed") << body;
  }
  EXPECT_EQ(outcome(std::string(kMaxProofBytes, ' ') + Parts().body()), "malformed");
  EXPECT_EQ(outcome(R"({"url":"","headers":{"x-signet-gateway":"mlflow.example.com"}})"),
            "bad_url");
}

TEST(AwsProof, AGatewayWithoutAnAddressTakesNone) {
  Parts parts;
  parts.headers = R"({"x-signet-gateway":""})";
  const auto proof = parse_aws_proof(parts.body(), "", kNow);
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().error, ProofError::other_gateway);
}

TEST(AwsProof, DetailsRepeatNothing) {
  for (std::string Parts::* part :
       {&Parts::origin, &Parts::path, &Parts::action, &Parts::credential, &Parts::date,
        &Parts::expires, &Parts::signed_headers, &Parts::token, &Parts::signature,
        &Parts::headers}) {
    Parts parts;
    parts.*part += "canary";
    const auto proof = parse_aws_proof(parts.body(), kGateway, kNow);
    if (!proof) EXPECT_FALSE(proof.error().detail.contains("canary")) << proof.error().detail;
  }
}

}  // namespace
}  // namespace signet::identity
