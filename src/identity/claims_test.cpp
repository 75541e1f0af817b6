#include "identity/claims.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'440'938'160;
constexpr std::int64_t kSkew = 60;

Claims claims(std::string_view json) {
  return Claims::parse(json).value();
}

template <typename T>
std::string_view outcome(const std::expected<T, ClaimsError>& result) {
  return result ? "fine" : to_string(result.error());
}

TEST(Claims, AreOneObject) {
  struct Row {
    std::string json;
    std::string_view error;
  };
  const std::vector<Row> rows{
      {"{}", "fine"},
      {"", "malformed"},
      {"[]", "malformed"},
      {"\"x\"", "malformed"},
      {R"({"a":1}{"b":2})", "malformed"},
      {R"({"sub":"a","sub":"b"})", "duplicate_member"},
      {R"({"sub":"a","\u0073ub":"b"})", "duplicate_member"},
      {R"({"realm_access":{"roles":[],"roles":["admin"]}})", "duplicate_member"},
      {R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}", "malformed"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(Claims::parse(row.json)), row.error) << row.json;
}

TEST(Claims, PathsPreferTheWholeName) {
  const Claims found = claims(R"({"cognito:groups":"a","https://x.y/groups":"b","realm_access":)"
                              R"({"roles":"c","a.b":"d","deep":{"er":"e"}},"p.q":"f",)"
                              R"("p":{"q":"g","r":"h"},"list":[{"x":"i"}],"":"j","o":{"":"k"}})");
  struct Row {
    std::string_view path;
    std::string_view value;
  };
  constexpr std::string_view kNone = "(none)";
  const Row rows[] = {
      {"cognito:groups", "a"},
      {"https://x.y/groups", "b"},
      {"realm_access.roles", "c"},
      {"realm_access.a.b", "d"},
      {"realm_access.deep.er", "e"},
      {"p.q", "f"},
      {"p.r", "h"},
      {"p.s", kNone},
      {"list.x", kNone},
      {"list.0", kNone},
      {"", "j"},
      {"o.", "k"},
      {".", kNone},
      {"realm_access..roles", kNone},
      {"realm_access.roles.", kNone},
      {"cognito:groups.a", kNone},
      {"REALM_ACCESS.roles", kNone},
  };
  for (const Row& row : rows) {
    const auto text = found.text(row.path);
    ASSERT_TRUE(text) << row.path;
    EXPECT_EQ(text->value_or(kNone), row.value) << row.path;
  }
  EXPECT_EQ(found.find(std::string(100'000, '.')), nullptr);
}

TEST(Claims, HaveTypes) {
  const Claims found = claims(
      R"({"text":"a","one":"x","many":["x","y"],"none":[],"mixed":["x",1],"null":null,"number":1,)"
      R"("yes":true,"no":false,"yes_text":"true","no_text":"false","Yes":"True","object":{}})");
  struct Row {
    std::string_view path;
    std::string_view text;
    std::string_view texts;
    std::string_view boolean;
  };
  constexpr std::string_view kFine = "fine";
  constexpr std::string_view kWrong = "wrong_type";
  const Row rows[] = {
      {"absent", kFine, kFine, kFine},    {"text", kFine, kFine, kWrong},
      {"many", kWrong, kFine, kWrong},    {"none", kWrong, kFine, kWrong},
      {"mixed", kWrong, kWrong, kWrong},  {"null", kWrong, kWrong, kWrong},
      {"number", kWrong, kWrong, kWrong}, {"yes", kWrong, kWrong, kFine},
      {"yes_text", kFine, kFine, kFine},  {"Yes", kFine, kFine, kWrong},
      {"object", kWrong, kWrong, kWrong},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(outcome(found.text(row.path)), row.text) << row.path;
    EXPECT_EQ(outcome(found.texts(row.path)), row.texts) << row.path;
    EXPECT_EQ(outcome(found.boolean(row.path)), row.boolean) << row.path;
  }
  EXPECT_EQ(**found.text("text"), "a");
  EXPECT_FALSE(*found.text("absent"));
  using Texts = std::vector<std::string_view>;
  EXPECT_EQ(*found.texts("one"), Texts{"x"});
  EXPECT_EQ(*found.texts("many"), (Texts{"x", "y"}));
  EXPECT_EQ(*found.texts("none"), Texts{});
  EXPECT_EQ(*found.texts("absent"), Texts{});
  EXPECT_EQ(**found.boolean("yes"), true);
  EXPECT_EQ(**found.boolean("no"), false);
  EXPECT_EQ(**found.boolean("yes_text"), true);
  EXPECT_EQ(**found.boolean("no_text"), false);
  EXPECT_FALSE(*found.boolean("absent"));
}

TEST(Claims, TimesAreNumbersOfSeconds) {
  struct Row {
    std::string_view time;
    std::int64_t value;  // -1: refused
  };
  const Row rows[] = {
      {"0", 0},
      {"1440938160", kNow},
      {"1440938160.0", kNow},
      {"1440938160.9", kNow},
      {"1.44093816e9", kNow},
      {"-0", 0},
      {"-0.0", 0},
      {"9007199254740992", 9007199254740992},
      {"9007199254740992.0", 9007199254740992},
      {"9007199254740993", -1},
      {"9007199254740994.0", -1},
      {"9223372036854775807", -1},
      {"9223372036854775808", -1},
      {"18446744073709551615", -1},
      {"1e300", -1},
      {"-1", -1},
      {"-0.5", -1},
      {"-9223372036854775808", -1},
      {R"("1440938160")", -1},
      {R"("")", -1},
      {"true", -1},
      {"null", -1},
      {"[1440938160]", -1},
      {"{}", -1},
  };
  for (const Row& row : rows) {
    const Claims found = claims(R"({"t":)" + std::string(row.time) + "}");
    const auto time = found.time("t");
    if (row.value < 0) {
      EXPECT_EQ(outcome(time), "bad_time") << row.time;
    } else {
      ASSERT_TRUE(time) << row.time;
      EXPECT_EQ(*time, row.value) << row.time;
    }
    // In any of the three, it spoils the token.
    for (const std::string& json : {R"({"exp":)" + std::string(row.time) + "}",
                                    R"({"exp":9e9,"nbf":)" + std::string(row.time) + "}",
                                    R"({"exp":9e9,"iat":)" + std::string(row.time) + "}"}) {
      EXPECT_EQ(outcome(claims(json).check_times(kNow, kSkew)) == "bad_time", row.value < 0)
          << json;
    }
  }
  EXPECT_FALSE(*claims("{}").time("t"));
}

TEST(Claims, HoldWithinTheirTimes) {
  struct Row {
    std::string_view json;
    std::string_view error;
  };
  const Row rows[] = {
      {"{}", "no_expiry"},
      {R"({"nbf":0,"iat":0})", "no_expiry"},
      {R"({"EXP":9e9})", "no_expiry"},
      {R"({"x":{"exp":9e9}})", "no_expiry"},
      // On exp itself a token has expired (RFC 7519 §4.1.4), skew seconds later here.
      {R"({"exp":1440938101})", "fine"},
      {R"({"exp":1440938100.5})", "fine"},
      {R"({"exp":1440938100})", "expired"},
      {R"({"exp":1440938099.9})", "expired"},
      {R"({"exp":0})", "expired"},
      {R"({"exp":9007199254740992})", "fine"},
      {R"({"exp":9e9,"nbf":1440938220})", "fine"},
      {R"({"exp":9e9,"nbf":1440938220.5})", "not_yet_valid"},
      {R"({"exp":9e9,"nbf":1440938221})", "not_yet_valid"},
      {R"({"exp":9e9,"iat":1440938220})", "fine"},
      {R"({"exp":9e9,"iat":1440938221})", "issued_in_future"},
      {R"({"exp":9e9,"iat":0,"nbf":0})", "fine"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(claims(row.json).check_times(kNow, kSkew)), row.error) << row.json;
  EXPECT_EQ(outcome(claims(R"({"exp":1440938160})").check_times(kNow, 0)), "expired");
  EXPECT_EQ(outcome(claims(R"({"exp":1440938161})").check_times(kNow, 0)), "fine");
  EXPECT_EQ(
      outcome(claims(R"({"exp":9e9,"nbf":1440938160,"iat":1440938160})").check_times(kNow, 0)),
      "fine");
}

TEST(Claims, AreFromAndForWhomTheyShould) {
  const std::vector<std::string> ours{"signet"};
  const std::vector<std::string> two{"signet", "https://mlflow.example.com"};
  constexpr std::string_view kIssuer = "https://login.example.com";
  struct Row {
    std::string_view rest;
    std::string_view id_token;
    std::string_view bearer;  // of any client
  };
  const Row rows[] = {
      {R"("aud":"signet")", "fine", "fine"},
      {R"("aud":["signet"])", "fine", "fine"},
      {R"("aud":"signet","azp":"signet")", "fine", "fine"},
      {R"("aud":"signet","azp":"other")", "wrong_party", "fine"},
      {R"("aud":"signet","azp":"")", "wrong_party", "fine"},
      {R"("aud":["signet","other"])", "wrong_party", "fine"},
      {R"("aud":["signet","other"],"azp":"signet")", "fine", "fine"},
      {R"("aud":["signet","other"],"azp":"other")", "wrong_party", "fine"},
      {R"("aud":["other","signet"],"azp":"signet")", "fine", "fine"},
      {R"("aud":"other")", "wrong_audience", "wrong_audience"},
      {R"("aud":"Signet")", "wrong_audience", "wrong_audience"},
      {R"("aud":"signet ")", "wrong_audience", "wrong_audience"},
      {R"("aud":"signet other")", "wrong_audience", "wrong_audience"},
      {R"("aud":"")", "wrong_audience", "wrong_audience"},
      {R"("aud":[])", "wrong_audience", "wrong_audience"},
      {R"("sub":"signet")", "wrong_audience", "wrong_audience"},
      {R"("aud":{"signet":true})", "wrong_type", "wrong_type"},
      {R"("aud":["signet",1])", "wrong_type", "wrong_type"},
      {R"("aud":null)", "wrong_type", "wrong_type"},
      {R"("aud":"signet","azp":["signet"])", "wrong_type", "wrong_type"},
      {R"("aud":"signet","azp":null)", "wrong_type", "wrong_type"},
  };
  for (const Row& row : rows) {
    const Claims found =
        claims(R"({"iss":"https://login.example.com",)" + std::string(row.rest) + "}");
    EXPECT_EQ(outcome(found.check({kIssuer, ours, "signet"})), row.id_token) << row.rest;
    EXPECT_EQ(outcome(found.check({kIssuer, ours, ""})), row.bearer) << row.rest;
    EXPECT_EQ(outcome(found.check({"https://login.example.org", ours, ""})),
              row.bearer == "wrong_type" ? "wrong_type" : "wrong_issuer");
    EXPECT_NE(outcome(found.check({kIssuer, {}, ""})), "fine");
  }
  EXPECT_EQ(
      outcome(claims(R"({"iss":"https://login.example.com","aud":"https://mlflow.example.com"})")
                  .check({kIssuer, two, ""})),
      "fine");
  for (const std::string_view issuer :
       {R"("iss":"https://login.example.com/")", R"("iss":"https://LOGIN.example.com")",
        R"("iss":"http://login.example.com")", R"("iss":"")",
        R"("ISS":"https://login.example.com")", R"("iss":"https://login.example.com\u0000")"}) {
    EXPECT_EQ(
        outcome(
            claims("{" + std::string(issuer) + R"(,"aud":"signet"})").check({kIssuer, ours, ""})),
        "wrong_issuer")
        << issuer;
  }
  EXPECT_EQ(outcome(claims(R"({"iss":["https://login.example.com"],"aud":"signet"})")
                        .check({kIssuer, ours, ""})),
            "wrong_type");
}

TEST(Claims, ErrorsHaveNamesAndSentences) {
  for (int i = 0; i <= static_cast<int>(ClaimsError::wrong_party); ++i) {
    EXPECT_NE(to_string(static_cast<ClaimsError>(i)), "unknown");
    EXPECT_NE(describe(static_cast<ClaimsError>(i)), "unknown");
  }
}

}  // namespace
}  // namespace signet::identity
