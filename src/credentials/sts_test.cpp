#include "credentials/sts.h"

#include <gtest/gtest.h>

#include "credentials/rig_for_tests.h"
#include "credentials/sts_endpoint.h"

namespace signet::credentials {
namespace {

Role research() {
  Role role;
  role.arn = "arn:aws:iam::123456789012:role/research";
  role.session_name = "signet-research";
  role.external_id = "a/b:c@d";
  role.region = "eu-west-1";
  return role;
}

signing::AccessKey example_key() {
  return {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "TOKEN"};
}

runtime::Task<void> assume(Sts& sts, const signing::AccessKey& key, const Role& role,
                           runtime::Time deadline,
                           std::optional<std::expected<Keys, SourceFailure>>& into) {
  auto assuming = sts.assume(key, role, deadline);
  into.emplace(co_await std::move(assuming));
}

class StsTest : public testing::Test, public LoopTest {
 public:
  const std::expected<Keys, SourceFailure>& ask(const Role& role) {
    Sts asked(sts, clock, environment.variables());
    outcome.reset();
    runtime::TaskSet tasks(loop);
    tasks.start(assume(asked, key, role, loop.now() + 10s, outcome));
    turn();
    for (int i = 0; i < 200 && !outcome; ++i)
      pass(100ms);
    return *outcome;
  }

  FakeSts sts{loop};
  FakeEnvironment environment;
  signing::AccessKey key = example_key();
  std::optional<std::expected<Keys, SourceFailure>> outcome;
};

std::string header(const http::FetchRequest& request, std::string_view name) {
  for (const auto& [field, value] : request.headers)
    if (field == name) return value;
  return "";
}

// Signatures computed by botocore 1.44.5's SigV4Auth for the same requests.
TEST_F(StsTest, SendsTheRequestThatBotocoreWouldSign) {
  struct Row {
    std::string endpoint;
    std::string url;
    std::string signature;
  };
  sts.reply = [](const auto&, std::size_t) {
    return answer_of(200, credentials_xml("ASIA", "s", "t", "2015-08-30T13:36:00Z"));
  };
  for (const Row& row : std::initializer_list<Row>{
           {"", "https://sts.eu-west-1.amazonaws.com/",
            "60d7daf58a8c6b8b88399d5b5173a46fd71d3d5eccf3678d940fb3ec1fb6c29a"},
           {"http://127.0.0.1:5001/base", "http://127.0.0.1:5001/base/",
            "72a3ad6f70f25944c4d73f703a68750e1a66935c569fe3469d4a4d7c56e943a1"}}) {
    environment.values["AWS_ENDPOINT_URL_STS"] = row.endpoint;
    sts.requests.clear();
    const auto& keys = ask(research());
    ASSERT_TRUE(keys) << keys.error().reason;
    EXPECT_EQ(keys->key.id, "ASIA");
    ASSERT_EQ(sts.requests.size(), 1u);
    const http::FetchRequest& sent = sts.requests[0];
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.url, row.url);
    EXPECT_EQ(
        sent.body,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
        "%2Fresearch&RoleSessionName=signet-research&DurationSeconds=3600"
        "&ExternalId=a%2Fb%3Ac%40d");
    EXPECT_EQ(header(sent, "content-type"), "application/x-www-form-urlencoded; charset=utf-8");
    EXPECT_EQ(header(sent, "x-amz-date"), "20150830T123600Z");
    EXPECT_EQ(header(sent, "x-amz-security-token"), "TOKEN");
    EXPECT_EQ(header(sent, "host"), "");
    EXPECT_EQ(header(sent, "authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/sts/aws4_request, "
              "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
              "x-amz-security-token, Signature=" +
                  row.signature);
  }
}

TEST_F(StsTest, SendsOnlyTheParametersThereAre) {
  sts.reply = [](const auto&, std::size_t) { return answer_of(500, ""); };
  Role role = research();
  role.external_id = "";
  role.source_identity = "alice@example.com";
  role.policy = "{\"a\": [1]}";
  role.duration_seconds = 900;
  ask(role);
  EXPECT_EQ(sts.requests.at(0).body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
            "%2Fresearch&RoleSessionName=signet-research&DurationSeconds=900"
            "&SourceIdentity=alice%40example.com&Policy=%7B%22a%22%3A%20%5B1%5D%7D");
}

TEST_F(StsTest, TurnsEveryAnswerIntoACause) {
  struct Row {
    unsigned status;
    std::string body;
    Cause cause;
    std::string_view reason;
  };
  std::string good = credentials_xml("ASIA", "s", "t", "2015-08-30T13:36:00Z");
  for (const Row& row : std::initializer_list<Row>{
           {403, error_xml("AccessDenied", "User: x is not authorized to perform sts:AssumeRole"),
            Cause::access_denied, "STS answered 403 AccessDenied: User: x is not authorized"},
           {400, error_xml("Throttling", "Rate exceeded"), Cause::throttled, "Rate exceeded"},
           {429, "", Cause::throttled, "429"},
           {400, error_xml("ExpiredToken", "The security token is expired"), Cause::keys_expired,
            "400 ExpiredToken"},
           {400, error_xml("ExpiredTokenException", "x"), Cause::keys_expired, ""},
           {403, error_xml("InvalidClientTokenId", "The security token is invalid"),
            Cause::keys_rejected, "InvalidClientTokenId"},
           {403,
            error_xml("SignatureDoesNotMatch",
                      "Signature expired: 20150830T123600Z is now "
                      "earlier than 20150830T124000Z"),
            Cause::keys_rejected, "clock differs"},
           {403, error_xml("RegionDisabledException", "STS is not activated in this region"),
            Cause::region_disabled, "not activated"},
           {400, error_xml("ValidationError", "1 validation error"), Cause::malformed_request,
            "1 validation error"},
           {400, error_xml("SomethingNew", "x"), Cause::malformed_request, "SomethingNew"},
           {403, error_xml("SomethingNew", "x"), Cause::access_denied, "SomethingNew"},
           {503, error_xml("ServiceUnavailable", ""), Cause::server_error, "503"},
           {500, error_xml("SomethingNew", ""), Cause::server_error, "500"},
           {502, "<html>Bad gateway</html>", Cause::server_error, "502 with something else"},
           {200, error_xml("AccessDenied", "no"), Cause::access_denied, "200 AccessDenied"},
           {200, "", Cause::bad_answer, "something else than its XML"},
           {200, "{}", Cause::bad_answer, "something else than its XML"},
           {403, good, Cause::bad_answer, "403 with credentials"},
           {201, good, Cause::bad_answer, "201 with credentials"},
           {307, good, Cause::bad_answer, "redirects are not followed"},
       }) {
    sts.reply = [&](const auto&, std::size_t) { return answer_of(row.status, row.body); };
    const auto& keys = ask(research());
    ASSERT_FALSE(keys) << row.reason;
    EXPECT_EQ(keys.error().cause, row.cause) << keys.error().reason;
    EXPECT_NE(keys.error().reason.find(row.reason), std::string::npos) << keys.error().reason;
    EXPECT_TRUE(keys.error().reason.starts_with(
        "role arn:aws:iam::123456789012:role/research cannot be assumed at "
        "https://sts.eu-west-1.amazonaws.com/: STS answered"))
        << keys.error().reason;
    EXPECT_EQ(keys.error().reason.find("ASIA"), std::string::npos);
  }
}

TEST_F(StsTest, RepeatsNoSecretThatStsRepeats) {
  for (const char* code : {"SignatureDoesNotMatch", "ValidationError", "AccessDenied"}) {
    for (const std::string& secret : {key.secret, key.token, research().external_id}) {
      sts.reply = [&](const auto&, std::size_t) {
        return answer_of(400, error_xml(code, "The canonical string was " + secret + " and more"));
      };
      const auto& keys = ask(research());
      ASSERT_FALSE(keys);
      EXPECT_EQ(keys.error().reason.find(secret), std::string::npos) << keys.error().reason;
    }
  }
}

TEST_F(StsTest, HonoursRetryAfter) {
  for (auto [value, expected] :
       {std::pair<std::string, std::optional<runtime::Duration>>{"17", 17s},
        {"", {}},
        {"-1", {}},
        {"99999999999999999999", {}},
        {"Wed, 21 Oct 2015 07:28:00 GMT", {}}}) {
    sts.reply = [&](const auto&, std::size_t) {
      auto answer = answer_of(503, error_xml("Throttling", "Rate exceeded"));
      answer.headers.emplace_back("retry-after", value);
      return answer;
    };
    const auto& keys = ask(research());
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().retry_after, expected) << value;
  }
}

TEST_F(StsTest, SaysWhenStsIsNotThere) {
  for (auto [error, cause] : {std::pair(http::FetchError::unreachable, Cause::unreachable),
                              std::pair(http::FetchError::lost, Cause::unreachable),
                              std::pair(http::FetchError::bad_response, Cause::bad_answer),
                              std::pair(http::FetchError::bad_url, Cause::misconfigured)}) {
    sts.reply = [&](const auto&, std::size_t) -> FakeSts::Reply {
      return std::unexpected(http::FetchFailure{error, "connection refused"});
    };
    const auto& keys = ask(research());
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().cause, cause);
    EXPECT_NE(keys.error().reason.find("(connection refused)"), std::string::npos);
  }
  sts.delay = 11s;
  const auto& keys = ask(research());
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().cause, Cause::timed_out);
}

TEST_F(StsTest, AsksNobodyWithParametersThatAwsRefuses) {
  auto with = [](auto change) {
    Role role = research();
    change(role);
    return role;
  };
  for (const Role& role : {
           with([](Role& r) { r.arn = ""; }),
           with([](Role& r) { r.arn = "arn:aws:iam::123456789012:user/x"; }),
           with([](Role& r) { r.arn += " "; }),
           with([](Role& r) { r.arn += std::string(2048, 'x'); }),
           with([](Role& r) { r.session_name = "x"; }),
           with([](Role& r) { r.session_name = "with space"; }),
           with([](Role& r) { r.session_name = std::string(65, 'x'); }),
           with([](Role& r) { r.external_id = "x"; }),
           with([](Role& r) { r.external_id = "a b"; }),
           with([](Role& r) { r.external_id = std::string(1225, 'x'); }),
           with([](Role& r) { r.source_identity = "aws:x"; }),
           with([](Role& r) { r.source_identity = "x"; }),
           with([](Role& r) { r.policy = std::string(2049, ' '); }),
           with([](Role& r) { r.duration_seconds = 899; }),
           with([](Role& r) { r.duration_seconds = 43201; }),
           with([](Role& r) { r.region = ""; }),
           with([](Role& r) { r.region = "evil.example.com/"; }),
       }) {
    const auto& keys = ask(role);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().cause, Cause::misconfigured) << keys.error().reason;
  }
  EXPECT_TRUE(sts.requests.empty());
}

TEST(StsEndpoint, IsRegionalUnlessOneIsGiven) {
  struct Row {
    std::string_view region;
    std::map<std::string, std::string, std::less<>> environment;
    std::string_view url;  // or, without "://", what the failure says
  };
  for (const Row& row : std::initializer_list<Row>{
           {"us-east-1", {}, "https://sts.us-east-1.amazonaws.com/"},
           {"us-gov-west-1", {}, "https://sts.us-gov-west-1.amazonaws.com/"},
           {"cn-north-1", {}, "https://sts.cn-north-1.amazonaws.com.cn/"},
           {"us-iso-east-1", {}, "set AWS_ENDPOINT_URL_STS"},
           {"eusc-de-east-1", {}, "set AWS_ENDPOINT_URL_STS"},
           {"us-iso-east-1", {{"AWS_ENDPOINT_URL_STS", "https://sts.iso"}}, "https://sts.iso/"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "https://all/x/"}}, "https://all/x/"},
           {"us-east-1",
            {{"AWS_ENDPOINT_URL", "https://all"}, {"AWS_ENDPOINT_URL_STS", "https://sts:8443"}},
            "https://sts:8443/"},
           {"us-east-1",
            {{"AWS_ENDPOINT_URL", "https://all"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
            "https://sts.us-east-1.amazonaws.com/"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "http://127.0.0.1:5001"}}, "http://127.0.0.1:5001/"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "http://localhost:5001"}}, "http://localhost:5001/"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "http://[::1]:5001"}}, "http://[::1]:5001/"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "http://sts.example.com"}}, "not loopback"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "https://u:password@h"}}, "AWS_ENDPOINT_URL is not"},
           {"us-east-1", {{"AWS_ENDPOINT_URL", "ftp://h"}}, "AWS_ENDPOINT_URL is not"},
           {"US-EAST-1", {}, "not a region"},
           {"a.b", {}, "not a region"},
           {"", {}, "AWS_REGION"},
       }) {
    FakeEnvironment environment;
    environment.values = row.environment;
    auto endpoint = sts_endpoint(row.region, environment.variables());
    if (row.url.contains("://")) {
      ASSERT_TRUE(endpoint) << endpoint.error().reason;
      EXPECT_EQ(endpoint->url, row.url);
      EXPECT_TRUE(endpoint->url.ends_with(endpoint->authority + endpoint->path));
    } else {
      ASSERT_FALSE(endpoint) << row.url;
      EXPECT_NE(endpoint.error().reason.find(row.url), std::string::npos)
          << endpoint.error().reason;
      EXPECT_EQ(endpoint.error().reason.find("password"), std::string::npos);
    }
  }
}

TEST(SessionName, IsLawfulForEveryApp) {
  EXPECT_EQ(session_name_for("research"), "signet-research");
  EXPECT_EQ(session_name_for("a b/c"), "signet-a-b-c");
  EXPECT_EQ(session_name_for(std::string(100, 'x')).size(), 64u);
}

}  // namespace
}  // namespace signet::credentials
