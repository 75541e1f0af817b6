#include "identity/callback.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kIssuer = "https://login.example.com";

SignInAttempt an_attempt() {
  SignInAttempt attempt;
  attempt.state = "STATE";
  attempt.provider = "corp";
  attempt.begun_at = kNow - 10;
  return attempt;
}

// The code, or why there is none.
std::string outcome(std::string_view query, bool names_issuer = false,
                    const SignInAttempt& attempt = an_attempt(),
                    std::string_view provider = "corp") {
  const auto callback = parse_callback(query);
  if (!callback) return "!" + std::string(to_string(callback.error()));
  ProviderMetadata metadata;
  metadata.issuer = kIssuer;
  metadata.callbacks_name_issuer = names_issuer;
  const auto code = check_callback(*callback, attempt, provider, metadata, kNow);
  return code ? *code : "?" + std::string(to_string(code.error()));
}

TEST(Callback, Queries) {
  struct Row {
    std::string query;
    std::string_view expected;
  };
  for (const Row& row : std::vector<Row>{
           {"code=abc&state=STATE", "abc"},
           {"state=STATE&code=a%2Fb%2B-._~", "a/b+-._~"},
           {"code=abc&state=STATE&session_state=x.y&scope=openid+email&unknown", "abc"},
           {"%63ode=abc&stat%65=STATE", "abc"},
           {"code=" + std::string(8192, 'c') + "&state=STATE", std::string_view()},
           // State.
           {"code=abc", "!no_state"},
           {"code=abc&state=", "!no_state"},
           {"code=abc&state", "!no_state"},
           {"code=abc&STATE=STATE", "!no_state"},
           {"code=abc&state=state", "?other_state"},
           {"code=abc&state=STATE1", "?other_state"},
           {"code=abc&state=STAT", "?other_state"},
           {"code=abc&state=STATE%20", "!malformed"},
           {"code=abc&state=STATE%00", "!malformed"},
           {"code=abc&state=%C3%BC", "!malformed"},
           {"code=abc&state=" + std::string(257, 's'), "!malformed"},
           // One answer.
           {"", "!no_answer"},
           {"state=STATE", "!no_answer"},
           {"CODE=abc&state=STATE", "!no_answer"},
           {"code=&state=STATE", "!malformed"},
           {"code&state=STATE", "!malformed"},
           {"error=&state=STATE", "!malformed"},
           {"code=a%20b&state=STATE", "!malformed"},
           {"code=a+b&state=STATE", "!malformed"},
           {"code=a%0Ab&state=STATE", "!malformed"},
           {"code=" + std::string(8193, 'c') + "&state=STATE", "!malformed"},
           {"code=abc&error=access_denied&state=STATE", "!two_answers"},
           {"error=access_denied", "!no_state"},
           // Another response type or mode than was asked for.
           {"code=abc&state=STATE&id_token=e30.e30.x", "!unasked"},
           {"access_token=abc&token_type=bearer&state=STATE", "!unasked"},
           {"response=e30.e30.x", "!no_answer"},
           // Repeated.
           {"code=abc&state=STATE&state=STATE", "!repeated"},
           {"code=abc&code=abc&state=STATE", "!repeated"},
           {"code=abc&state=STATE&%73tate=other", "!repeated"},
           {"code=abc&state=STATE&iss=a&iss=b", "!repeated"},
           {"code=abc&state=STATE&x=1&x=2", "!repeated"},
           {"error=a&error=b&state=STATE", "!repeated"},
           // No query of a URL.
           {"?code=abc&state=STATE", "!no_answer"},
           {"code=abc&state=STATE#", "!malformed"},
           {"code=abc&state=STATE&", "!malformed"},
           {"code=abc&&state=STATE", "!malformed"},
           {"code=%zz&state=STATE", "!malformed"},
           {"code=abc&state=STATE&x=%00", "!malformed"},
           {"code=abc;state=STATE", "!no_state"},
           {"code=abc&state=STATE&x=" + std::string(17'000, 'x'), "!malformed"},
           // What providers say.
           {"error=access_denied&state=STATE", "?denied"},
           {"error=login_required&state=STATE", "?interaction_needed"},
           {"error=consent_required&state=STATE", "?interaction_needed"},
           {"error=interaction_required&state=STATE", "?interaction_needed"},
           {"error=account_selection_required&state=STATE", "?interaction_needed"},
           {"error=server_error&state=STATE", "?unavailable"},
           {"error=temporarily_unavailable&state=STATE", "?unavailable"},
           {"error=invalid_request&state=STATE", "?refused"},
           {"error=unauthorized_client&state=STATE", "?refused"},
           {"error=something_new&state=STATE", "?refused"},
           {"error=ACCESS_DENIED&state=STATE", "?refused"},
           {"error=access_denied&state=other", "?other_state"},
           {"error=access_denied&state=STATE&iss=https://evil.example", "?other_issuer"},
           {"error=%3Cscript%3E&state=STATE", "!malformed"},
           {"error=a%20b&state=STATE", "!malformed"},
           {"error=" + std::string(65, 'e') + "&state=STATE", "!malformed"},
       }) {
    const std::string got = outcome(row.query);
    if (row.expected.empty()) {
      EXPECT_EQ(got, std::string(8192, 'c'));
    } else {
      EXPECT_EQ(got, row.expected) << row.query.substr(0, 100);
    }
  }
}

TEST(Callback, Issuer) {
  struct Row {
    std::string_view more;
    std::string_view announced;
    std::string_view otherwise;
  };
  for (const Row& row : std::vector<Row>{
           {"&iss=https://login.example.com", "abc", "abc"},
           {"&iss=https%3A%2F%2Flogin.example.com", "abc", "abc"},
           {"", "?no_issuer", "abc"},
           {"&iss=", "?other_issuer", "?other_issuer"},
           {"&iss", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com/", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com:443", "?other_issuer", "?other_issuer"},
           {"&iss=https://LOGIN.example.com", "?other_issuer", "?other_issuer"},
           {"&iss=http://login.example.com", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com.evil.example", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com%40evil.example", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.co", "?other_issuer", "?other_issuer"},
           {"&iss=https://log%D1%96n.example.com", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com%20", "?other_issuer", "?other_issuer"},
           {"&iss=+https://login.example.com", "?other_issuer", "?other_issuer"},
           {"&iss=https://login.example.com%2523", "?other_issuer", "?other_issuer"},
           {"&ISS=https://login.example.com", "?no_issuer", "abc"},
           {"&iss=https://login.example.com%00", "!malformed", "!malformed"},
           {"&iss=https://login.example.com&iss=https://login.example.com", "!repeated",
            "!repeated"},
       }) {
    const std::string query = "code=abc&state=STATE" + std::string(row.more);
    EXPECT_EQ(outcome(query, true), row.announced) << query;
    EXPECT_EQ(outcome(query, false), row.otherwise) << query;
  }
  EXPECT_EQ(outcome("error=access_denied&state=STATE", true), "?no_issuer");
}

TEST(Callback, Attempts) {
  const std::string query = "code=abc&state=STATE";
  SignInAttempt attempt = an_attempt();
  EXPECT_EQ(outcome(query, false, attempt, "other"), "?other_provider");
  EXPECT_EQ(outcome(query, false, attempt, "Corp"), "?other_provider");
  attempt.begun_at = kNow - kAttemptSeconds + 1;
  EXPECT_EQ(outcome(query, false, attempt), "abc");
  attempt.begun_at = kNow - kAttemptSeconds;
  EXPECT_EQ(outcome(query, false, attempt), "?too_old");
  attempt.begun_at = kNow + 60;
  EXPECT_EQ(outcome(query, false, attempt), "abc") << "clocks differ";
  attempt.begun_at = kNow + 61;
  EXPECT_EQ(outcome(query, false, attempt), "?too_old");
  // An attempt without secrets answers nothing.
  EXPECT_EQ(outcome(query, false, SignInAttempt()), "?other_state");
  ProviderMetadata metadata;
  SignInAttempt empty;
  empty.begun_at = kNow;
  EXPECT_EQ(check_callback({}, empty, "", metadata, kNow).error(), CallbackError::other_state);
}

TEST(Callback, DescriptionsAreHarmless) {
  const auto described = [](std::string_view text) {
    const auto callback =
        parse_callback("error=server_error&state=S&error_description=" + std::string(text));
    return callback ? callback->error_description : "!" + std::string(to_string(callback.error()));
  };
  EXPECT_EQ(described("The+user%20said:%20no,%20(really)."), "The user said: no, (really).");
  EXPECT_EQ(described("%3Cscript%3Ealert(1)%3C%2Fscript%3E"), "?script?alert(1)?/script?");
  EXPECT_EQ(described("%22%27%26%3D%5C%60%7B"), "???????");
  EXPECT_EQ(described("%C3%BC"), "??");
  EXPECT_EQ(described("a%0Ab"), "!malformed");
  EXPECT_EQ(described(std::string(5000, 'x')), std::string(200, 'x'));
}

TEST(Callback, EveryErrorHasItsWords) {
  for (int i = 0; i <= static_cast<int>(CallbackError::refused); ++i) {
    EXPECT_NE(to_string(static_cast<CallbackError>(i)), "unknown");
    EXPECT_NE(describe(static_cast<CallbackError>(i)), "unknown");
  }
}

}  // namespace
}  // namespace signet::identity
