#include "identity/sign_in_attempt.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "identity/form.h"
#include "identity/random_for_tests.h"
#include "identity/session_cookie.h"
#include "runtime/event_loop.h"

namespace signet::identity {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
const std::vector<std::string> kKeys{std::string(32, 'n'), std::string(40, 'o')};

TEST(SignInAttempt, SecretsAreRandom) {
  crypto::SystemRandom random;
  std::vector<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const SignInAttempt attempt = begin_attempt(random, "corp", "/app", kNow);
    for (const std::string& secret : {attempt.state, attempt.nonce, attempt.verifier}) {
      EXPECT_EQ(secret.size(), 43U);
      EXPECT_EQ(crypto::from_base64url(secret).value().size(), 32U);
      EXPECT_EQ(std::ranges::count(seen, secret), 0);
      seen.push_back(secret);
    }
    EXPECT_EQ(attempt.provider, "corp");
    EXPECT_EQ(attempt.return_path, "/app");
    EXPECT_EQ(attempt.begun_at, kNow);
    EXPECT_EQ(attempt.max_age, std::nullopt);
  }
}

TEST(SignInAttempt, IsOpenedAsItWasSealed) {
  CountingRandom random;
  AttemptSealer sealer(kKeys, "mlflow.example.com", random);
  AttemptSealer old({&kKeys[1], 1}, "mlflow.example.com", random);
  for (const std::optional<std::int64_t> max_age :
       {std::optional<std::int64_t>(), std::optional<std::int64_t>(0),
        std::optional<std::int64_t>(3600)}) {
    const SignInAttempt attempt =
        begin_attempt(random, "corp", "/app/" + std::string(2000, 'x'), kNow, max_age);
    const std::string sealed = sealer.seal(attempt);
    EXPECT_EQ(sealer.open(sealed), attempt);
    EXPECT_EQ(sealer.open(old.seal(attempt)), attempt) << "older keys open";
    EXPECT_EQ(old.open(sealed), std::nullopt);
    EXPECT_LE(sealed.size(), 3800U);
  }
}

TEST(SignInAttempt, OpensNowhereElse) {
  CountingRandom random;
  AttemptSealer here(kKeys, "mlflow.example.com", random);
  AttemptSealer there(kKeys, "other.example.com", random);
  SessionSealer sessions(kKeys, "mlflow.example.com", random);
  const std::string sealed = here.seal(begin_attempt(random, "corp", "/app", kNow));
  EXPECT_EQ(there.open(sealed), std::nullopt) << "another gateway";
  EXPECT_EQ(sessions.open(sealed), std::nullopt) << "an attempt is no session";
  EXPECT_EQ(here.open(sessions.seal({})), std::nullopt) << "a session is no attempt";
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(here.open(changed), std::nullopt) << i;
    EXPECT_EQ(here.open(sealed.substr(0, i)), std::nullopt) << i;
  }
  EXPECT_EQ(here.open(sealed + "A"), std::nullopt);
  EXPECT_EQ(here.open(std::string(70'000, 'A')), std::nullopt);
}

class AttemptCookiesTest : public testing::Test {
 protected:
  SignInAttempt attempt(std::int64_t begun_at = kNow) {
    return begin_attempt(random_, "corp", "/app", begun_at);
  }
  std::string name(const SignInAttempt& attempt) const {
    return attempt_cookie_name(names_, attempt.state);
  }
  std::string cookie(const SignInAttempt& attempt) {
    return name(attempt) + "=" + sealer_.seal(attempt);
  }
  std::string found(const std::string& header, std::string_view state) {
    runtime::Arena arena(loop_.blocks());
    http::Fields fields(arena);
    fields.add(http::FieldId::cookie, header);
    const auto result = find_attempt(fields, names_, state, sealer_);
    if (result) return result->state;
    EXPECT_NE(describe(result.error()), "unknown");
    switch (result.error()) {
      case AttemptProblem::none: return "!none";
      case AttemptProblem::repeated: return "!repeated";
      case AttemptProblem::not_ours: return "!not_ours";
    }
    return "!";
  }
  std::vector<std::string> dropped(const std::string& header, std::int64_t now = kNow) {
    runtime::Arena arena(loop_.blocks());
    http::Fields fields(arena);
    fields.add(http::FieldId::cookie, header);
    return attempts_to_drop(fields, names_, sealer_, now);
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  CountingRandom random_;
  CookieNames names_{true};
  AttemptSealer sealer_{kKeys, "mlflow.example.com", random_};
};

TEST_F(AttemptCookiesTest, AreNamedByTheirState) {
  const SignInAttempt one = attempt();
  EXPECT_TRUE(name(one).starts_with("__Host-signet-attempt-"));
  EXPECT_EQ(name(one).size(), names_.attempt.size() + 8);
  EXPECT_NE(name(one), name(attempt()));
  // SHA-256 of "abc" (FIPS 180-4's example).
  EXPECT_EQ(attempt_cookie_name(CookieNames(false), "abc"), "signet-attempt-ba7816bf");
}

TEST_F(AttemptCookiesTest, AreFoundByState) {
  const SignInAttempt mine = attempt();
  const SignInAttempt other = attempt();
  const std::string both = "a=b; " + cookie(other) + "; " + cookie(mine);
  EXPECT_EQ(found(both, mine.state), mine.state);
  EXPECT_EQ(found(both, other.state), other.state);
  EXPECT_EQ(found(cookie(other), mine.state), "!none") << "another browser";
  EXPECT_EQ(found("", mine.state), "!none");
  EXPECT_EQ(found(both, ""), "!none");
  EXPECT_EQ(found(both, mine.state + "A"), "!none");
  EXPECT_EQ(found(both + "; " + cookie(mine), mine.state), "!repeated");
  EXPECT_EQ(found(name(mine) + "=" + sealer_.seal(other), mine.state), "!not_ours") << "mixed up";
  EXPECT_EQ(found(name(mine) + "=", mine.state), "!not_ours");
  EXPECT_EQ(found(name(mine) + "=xyz", mine.state), "!not_ours");
  SessionSealer sessions(kKeys, "mlflow.example.com", random_);
  EXPECT_EQ(found(name(mine) + "=" + sessions.seal({}), mine.state), "!not_ours");
}

TEST_F(AttemptCookiesTest, DoNotPileUp) {
  std::vector<SignInAttempt> attempts;
  std::string header = "__Host-signet=abc; a=b";
  for (int i = 0; i < 4; ++i) {
    attempts.push_back(attempt(kNow - i));
    header += "; " + cookie(attempts.back());
  }
  EXPECT_TRUE(dropped(header).empty()) << "four and a new one are five";
  for (int i = 4; i < 8; ++i) {
    attempts.push_back(attempt(kNow - i));
    header += "; " + cookie(attempts.back());
  }
  EXPECT_EQ(dropped(header), (std::vector<std::string>{name(attempts[4]), name(attempts[5]),
                                                       name(attempts[6]), name(attempts[7])}));
  // As they end, those that began first go first.
  EXPECT_EQ(dropped(header, kNow + kAttemptSeconds - 4).size(), 4U);
  EXPECT_EQ(dropped(header, kNow + kAttemptSeconds - 1).size(), 7U);
  EXPECT_EQ(dropped(header, kNow + kAttemptSeconds).size(), 8U);
}

TEST_F(AttemptCookiesTest, WhatIsNotOursGoes) {
  const SignInAttempt mine = attempt();
  const std::string prefix = names_.attempt;
  EXPECT_EQ(dropped(prefix + "00000000=x; " + cookie(mine)),
            (std::vector<std::string>{prefix + "00000000"}));
  EXPECT_EQ(dropped(prefix + "0000000f=" + sealer_.seal(mine)),
            (std::vector<std::string>{prefix + "0000000f"}))
      << "under another name";
  EXPECT_EQ(dropped(cookie(mine) + "; " + cookie(mine) + "; " + cookie(mine)),
            (std::vector<std::string>{name(mine)}))
      << "repeated";
  // Names that attempt_cookie_name() never makes come into no answer.
  for (const std::string odd : {"", "0", "0000000", "000000000", "0000000G", "0000000A", "0000,000",
                                "0000\t000", "zzzzzzzz", "../../.."}) {
    EXPECT_TRUE(dropped(prefix + odd + "=x").empty()) << odd;
  }
  EXPECT_TRUE(dropped("signet-attempt-00000000=x").empty()) << "of plain HTTP";
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += prefix + std::to_string(10'000'000 + i) + "=x; ";
  EXPECT_EQ(dropped(many).size(), 50U);
}

TEST(AuthorizationUrl, AsksForACode) {
  SignInAttempt attempt;
  attempt.state = "STATE";
  attempt.nonce = "NONCE";
  attempt.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636 appendix B
  ProviderMetadata metadata;
  metadata.authorization_endpoint = "https://login.example.com/authorize";
  const std::vector<std::string> scopes{"openid", "email"};
  const std::string expected =
      "response_type=code&client_id=sig%26net"
      "&redirect_uri=https%3A%2F%2Fmlflow.example.com%2Fsignet%2Fcallback%2Fcorp"
      "&scope=openid%20email&state=STATE&nonce=NONCE"
      "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
  const auto url = [&](const SignInWishes& wishes) {
    return authorization_url(metadata, "sig&net", "https://mlflow.example.com/signet/callback/corp",
                             scopes, attempt, wishes);
  };
  EXPECT_EQ(url({}), "https://login.example.com/authorize?" + expected);
  attempt.max_age = 0;
  SignInWishes wishes;
  wishes.prompt = "login";
  wishes.login_hint = "ada+1@example.com&prompt=none";
  EXPECT_EQ(url(wishes),
            "https://login.example.com/authorize?" + expected +
                "&prompt=login&max_age=0&login_hint=ada%2B1%40example.com%26prompt%3Dnone");
  metadata.authorization_endpoint += "?p=b2c_1";
  attempt.max_age.reset();
  EXPECT_EQ(url({}), "https://login.example.com/authorize?p=b2c_1&" + expected);
  const std::string whole = url({});
  const auto read = parse_form(std::string_view(whole).substr(whole.find('?') + 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(2).value, "sig&net");
}

}  // namespace
}  // namespace signet::identity
