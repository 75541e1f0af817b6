#include "identity/sign_in.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "crypto/sha256.h"
#include "identity/form.h"
#include "identity/sign_in_rig_for_tests.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using Finished = std::expected<Session, SignInFailure>;

class SignInTest : public ::testing::Test, protected SignInRig {
 protected:
  SignInTest() : attempt(begin_attempt(random, "corp", "/app", kNow)) { provider_says_tokens(); }

  IdClaims claims_of(const SignInAttempt& of) const {
    IdClaims claims;
    claims.nonce = of.nonce;
    claims.issued_at = clock.unix_seconds();
    return claims;
  }
  void provider_says_tokens() {
    fetcher.answers[kTokenAddress] = {200, tokens_json(id_token_of(claims_of(attempt)), "R1")};
  }
  Callback callback_of(const SignInAttempt& of) {
    Callback callback;
    callback.state = of.state;
    callback.code = "CODE";
    return callback;
  }
  Finished finish() { return finish(callback_of(attempt)); }
  Finished finish(const Callback& callback) {
    return get(sign_in.finish(config, attempt, callback));
  }
  static std::string said(const Finished& finished) {
    return finished ? "signed in" : std::string(to_string(finished.error().error));
  }
  static runtime::Task<void> keep_session(runtime::Task<Finished> task,
                                          std::optional<Finished>& into) {
    into.emplace(co_await std::move(task));
  }
  // The value of a parameter of a query or form; "-" when there is none.
  static std::string value_in(std::string_view form, std::string_view name) {
    const auto parsed = parse_form(form);
    if (!parsed) return "unreadable";
    for (const FormParameter& parameter : *parsed) {
      if (parameter.name == name) return parameter.value;
    }
    return "-";
  }

  SignInAttempt attempt;
  SignIn sign_in{parts};
};

TEST_F(SignInTest, SendsBrowsersToTheProvider) {
  SignInWishes wishes;
  wishes.prompt = "login";
  attempt.max_age = 600;
  const auto address = get(sign_in.address(config, attempt, wishes));
  ASSERT_TRUE(address);
  const std::size_t mark = address->find('?');
  EXPECT_EQ(address->substr(0, mark), "https://login.example.com/authorize");
  const std::string query = address->substr(mark + 1);
  const crypto::Digest digest = crypto::Sha256::of(attempt.verifier);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"response_type", "code"},
      {"client_id", "signet"},
      {"redirect_uri", "https://mlflow.example.com/signet/callback/corp"},
      {"scope", "openid email profile"},
      {"state", attempt.state},
      {"nonce", attempt.nonce},
      {"code_challenge",
       crypto::base64url({reinterpret_cast<const char*>(digest.data()), digest.size()})},
      {"code_challenge_method", "S256"},
      {"prompt", "login"},
      {"max_age", "600"},
      {"access_type", "-"}};
  for (const auto& [name, value] : expected)
    EXPECT_EQ(value_in(query, name), value) << name;
  EXPECT_EQ(address->find(attempt.verifier), std::string::npos);
}

TEST_F(SignInTest, AsksGoogleForRefreshTokensInItsOwnWords) {
  config::Provider& google = config->identity.providers[0];
  google.issuer = "https://accounts.google.com";
  google.url = *config::parse_url(google.issuer);
  fetcher.answers["https://accounts.google.com/.well-known/openid-configuration"] = {
      200, R"({"issuer":"https://accounts.google.com","jwks_uri":"https://g.example/keys",)"
           R"("authorization_endpoint":"https://accounts.google.com/o/oauth2/v2/auth",)"
           R"("token_endpoint":"https://oauth2.example/token"})"};
  const auto address = get(sign_in.address(config, attempt, SignInWishes()));
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(value_in(address->substr(address->find('?') + 1), "access_type"), "offline");
}

TEST_F(SignInTest, HasNoAddressWithoutTheProvider) {
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  auto address = get(sign_in.address(config, attempt, SignInWishes()));
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().error, SignInError::unavailable);
  attempt.provider = "former";
  address = get(sign_in.address(config, attempt, SignInWishes()));
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().error, SignInError::failed);
}

TEST_F(SignInTest, FinishesWithANewSession) {
  IdClaims claims = claims_of(attempt);
  claims.more = fmt::format(R"(,"groups":["a","b"],"name":"Ada","auth_time":{})", kNow - 50);
  const std::string id_token = id_token_of(claims);
  fetcher.answers[kTokenAddress] = {200, tokens_json(id_token, "R1")};
  const Finished session = finish();
  ASSERT_TRUE(session) << session.error().detail;
  EXPECT_EQ(session->person.id, "ada@example.com");
  EXPECT_EQ(session->person.name, "Ada");
  EXPECT_EQ(session->person.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(session->provider, "corp");
  EXPECT_EQ(session->subject, "sub-1");
  EXPECT_EQ(session->provider_session, "sid-1");
  EXPECT_EQ(session->signed_in_at, kNow - 50);
  EXPECT_EQ(session->began_at, kNow);
  EXPECT_EQ(session->seen_at, kNow);
  EXPECT_EQ(session->vouched_at, kNow);
  EXPECT_TRUE(session->can_refresh);
  EXPECT_EQ(kept(*session), "R1/" + id_token);
  auto record = get(store->refresh_token(session_name(session->id)));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->generation, 1);
  EXPECT_EQ(record->expires, kNow + 12 * 3600);

  const http::FetchRequest& asked = fetcher.asked.back();
  EXPECT_EQ(asked.url, kTokenAddress);
  EXPECT_EQ(value_in(asked.body, "grant_type"), "authorization_code");
  EXPECT_EQ(value_in(asked.body, "code"), "CODE");
  EXPECT_EQ(value_in(asked.body, "code_verifier"), attempt.verifier);
  EXPECT_EQ(value_in(asked.body, "redirect_uri"),
            "https://mlflow.example.com/signet/callback/corp");
  EXPECT_EQ(asked.body.find("secret"), std::string::npos) << "it goes by HTTP Basic";

  // The same once more is another session: the provider is to say no to its code.
  const Finished again = finish();
  ASSERT_TRUE(again);
  EXPECT_NE(again->id, session->id);
}

TEST_F(SignInTest, ACallbackThatIsNotOfThisAttemptSendsNoCode) {
  struct Row {
    const char* name;
    std::function<void(Callback&, SignInAttempt&)> change;
    std::string_view more;  // of the metadata
    const char* expected;
  };
  const std::string_view names_itself = R"(,"authorization_response_iss_parameter_supported":true)";
  for (const Row& row : std::vector<Row>{
           {"another state", [](Callback& c, SignInAttempt&) { c.state = "other"; }, "", "expired"},
           {"an empty state",
            [](Callback& c, SignInAttempt& a) {
              c.state = "";
              a.state = "";
            },
            "", "expired"},
           {"too old", [](Callback&, SignInAttempt& a) { a.begun_at = kNow - 900; }, "", "expired"},
           {"of the future", [](Callback&, SignInAttempt& a) { a.begun_at = kNow + 61; }, "",
            "expired"},
           {"no provider", [](Callback&, SignInAttempt& a) { a.provider = "former"; }, "",
            "failed"},
           // RFC 9207.
           {"another issuer",
            [](Callback& c, SignInAttempt&) { c.issuer = "https://evil.example"; }, "", "failed"},
           {"no issuer", [](Callback&, SignInAttempt&) {}, names_itself, "failed"},
           {"denied",
            [](Callback& c, SignInAttempt&) {
              c.code = "";
              c.error = "access_denied";
            },
            "", "denied"},
           {"a mix-up's error",
            [](Callback& c, SignInAttempt&) {
              c.code = "";
              c.error = "access_denied";
              c.issuer = "https://evil.example";
            },
            "", "failed"},
           {"later",
            [](Callback& c, SignInAttempt&) {
              c.code = "";
              c.error = "temporarily_unavailable";
            },
            "", "unavailable"}}) {
    SCOPED_TRACE(row.name);
    pass_seconds(3601);
    provider_says(metadata_json(row.more));
    SignInAttempt changed = attempt;
    changed.begun_at = clock.unix_seconds() + (attempt.begun_at - kNow);
    Callback callback = callback_of(changed);
    const std::int64_t before = changed.begun_at;
    row.change(callback, changed);
    if (changed.begun_at != before) changed.begun_at += clock.unix_seconds() - kNow;
    const Finished finished = get(sign_in.finish(config, changed, callback));
    EXPECT_EQ(said(finished), row.expected);
    EXPECT_EQ(fetcher.count(kTokenAddress), 0u);
  }
}

TEST_F(SignInTest, TheRightIssuerIsTaken) {
  provider_says(metadata_json(R"(,"authorization_response_iss_parameter_supported":true)"));
  Callback callback = callback_of(attempt);
  callback.issuer = kLoginIssuer;
  EXPECT_EQ(said(finish(callback)), "signed in");
}

// OpenID Connect Core §3.1.3.7, as far as it shows from here: id_token_test.cpp has all of it.
TEST_F(SignInTest, OnlyTheProvidersTokenOfThisAttemptSignsIn) {
  struct Row {
    const char* name;
    std::function<std::string(IdClaims&)> token;
    const char* expected;
  };
  const auto plain = [](const IdClaims& claims) { return id_token_of(claims); };
  for (const Row& row : std::vector<Row>{
           {"good", [&](IdClaims& c) { return plain(c); }, "signed in"},
           {"no nonce",
            [&](IdClaims& c) {
              c.nonce = "";
              return plain(c);
            },
            "failed"},
           {"another nonce",
            [&](IdClaims& c) {
              c.nonce = "other";
              return plain(c);
            },
            "failed"},
           {"another issuer",
            [&](IdClaims& c) {
              c.issuer = "https://evil.example";
              return plain(c);
            },
            "failed"},
           {"another audience",
            [&](IdClaims& c) {
              c.more = R"(,"aud":"other")";
              return plain(c);
            },
            "failed"},
           {"expired",
            [&](IdClaims& c) {
              c.issued_at = kNow - 7200;
              return plain(c);
            },
            "failed"},
           {"of another access token",
            [&](IdClaims& c) {
              c.more = R"(,"at_hash":"AAAAAAAAAAAAAAAAAAAAAA")";
              return plain(c);
            },
            "failed"},
           {"of another code",
            [&](IdClaims& c) {
              c.more = R"(,"c_hash":"AAAAAAAAAAAAAAAAAAAAAA")";
              return plain(c);
            },
            "failed"},
           {"of this code",
            [&](IdClaims& c) {
              c.more = fmt::format(R"(,"c_hash":"{}")", half_hash(Algorithm::rs256, "CODE"));
              return plain(c);
            },
            "signed in"},
           {"another key", [&](IdClaims& c) { return id_token_of(c, "1", other_rsa_key()); },
            "failed"},
           {"no signature",
            [&](IdClaims& c) { return token_with(R"({"alg":"none"})", payload_of(c), ""); },
            "failed"},
           {"no address",
            [&](IdClaims& c) {
              c.email = "";
              return plain(c);
            },
            "not_allowed"},
           {"an unverified address",
            [&](IdClaims& c) {
              std::string payload = payload_of(c);
              const std::string verified = R"("email_verified":true)";
              payload.replace(payload.find(verified), verified.size(), R"("email_verified":false)");
              return token(R"({"alg":"RS256","kid":"1"})", payload, rsa_key(), Algorithm::rs256);
            },
            "unverified_email"}}) {
    SCOPED_TRACE(row.name);
    IdClaims claims = claims_of(attempt);
    fetcher.answers[kTokenAddress] = {200, tokens_json(row.token(claims), "R1")};
    const Finished finished = finish();
    EXPECT_EQ(said(finished), row.expected) << (finished ? "" : finished.error().detail);
  }
}

TEST_F(SignInTest, WhatWasAskedForMustBeTrue) {
  attempt.max_age = 600;
  EXPECT_EQ(said(finish()), "failed") << "no auth_time";
  IdClaims claims = claims_of(attempt);
  claims.more = fmt::format(R"(,"auth_time":{})", kNow - 661);
  fetcher.answers[kTokenAddress] = {200, tokens_json(id_token_of(claims))};
  EXPECT_EQ(said(finish()), "failed") << "too long ago";
  claims.more = fmt::format(R"(,"auth_time":{})", kNow - 600);
  fetcher.answers[kTokenAddress] = {200, tokens_json(id_token_of(claims))};
  EXPECT_EQ(said(finish()), "signed in");
}

TEST_F(SignInTest, TheTokenEndpointsAnswers) {
  struct Row {
    const char* name;
    std::optional<http::FetchError> failure;
    unsigned status;
    std::string body;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {"a code that was used", {}, 400, R"({"error":"invalid_grant"})", "expired"},
           {"a wrong secret", {}, 401, R"({"error":"invalid_client"})", "failed"},
           {"down", {}, 503, "", "unavailable"},
           {"too many", {}, 429, "", "unavailable"},
           {"no ID token", {}, 200, R"({"token_type":"Bearer","access_token":"A"})", "failed"},
           {"no JSON", {}, 200, "<html>", "failed"},
           {"a redirect", {}, 302, "", "failed"},
           {"unreachable", http::FetchError::unreachable, 0, "", "unavailable"},
           {"lost", http::FetchError::lost, 0, "", "unavailable"},
           {"late", http::FetchError::timed_out, 0, "", "unavailable"}}) {
    SCOPED_TRACE(row.name);
    fetcher.failures.clear();
    if (row.failure) fetcher.failures[kTokenAddress] = *row.failure;
    fetcher.answers[kTokenAddress] = {row.status, row.body};
    const Finished finished = finish();
    EXPECT_EQ(said(finished), row.expected);
    // Nothing of what the provider or the browser sent is repeated.
    EXPECT_EQ(finished.error().detail.find("CODE"), std::string::npos);
    EXPECT_EQ(finished.error().detail.find("html"), std::string::npos);
  }
}

TEST_F(SignInTest, AProviderThatIsDownSignsNobodyIn) {
  fetcher.failures[kMetadataAddress] = http::FetchError::unreachable;
  EXPECT_EQ(said(finish()), "unavailable");
  EXPECT_EQ(fetcher.count(kTokenAddress), 0u);
}

TEST_F(SignInTest, KeepsOnlyWhatIsOfUse) {
  struct Row {
    const char* name;
    const char* refresh;
    std::string_view metadata;
    bool needs_store;
    bool can_refresh;
  };
  for (const Row& row :
       std::vector<Row>{{"both", "R1", kWithEndSession, true, true},
                        {"a refresh token", "R1", "", true, true},
                        {"an end_session_endpoint", "", kWithEndSession, true, false},
                        {"neither", "", "", false, false}}) {
    SCOPED_TRACE(row.name);
    pass_seconds(3601);
    attempt.begun_at = clock.unix_seconds();
    provider_says(metadata_json(row.metadata));
    fetcher.answers[kTokenAddress] = {200,
                                      tokens_json(id_token_of(claims_of(attempt)), row.refresh)};
    const Finished session = finish();
    ASSERT_TRUE(session) << session.error().detail;
    EXPECT_EQ(session->can_refresh, row.can_refresh);
    EXPECT_EQ(kept(*session) != "not-found", row.needs_store);
    lose_store();
    EXPECT_EQ(said(finish()), row.needs_store ? "unavailable" : "signed in");
    find_store();
  }
}

// Everybody who signs in while the provider changes its keys waits for the one fetch of them.
TEST_F(SignInTest, KeysThatChangeTurnNobodyAway) {
  rotate_keys();
  fetcher.answers[kTokenAddress] = {
      200, tokens_json(id_token_of(claims_of(attempt), "2", other_rsa_key()))};
  fetcher.held = {kKeysAddress};
  std::vector<std::optional<Finished>> sessions(5);
  runtime::TaskSet tasks(loop);
  for (auto& session : sessions)
    tasks.start(keep_session(sign_in.finish(config, attempt, callback_of(attempt)), session));
  EXPECT_TRUE(turn_until(
      [&] { return fetcher.count(kTokenAddress) == 5 && fetcher.count(kKeysAddress) == 1; }));
  turn();
  fetcher.let_go(kKeysAddress);
  EXPECT_TRUE(turn_until([&] { return tasks.size() == 0; }, 20ms));
  for (const auto& session : sessions)
    EXPECT_EQ(said(*session), "signed in");
  EXPECT_EQ(fetcher.count(kKeysAddress), 1u);
}

TEST_F(SignInTest, AKeyThatNobodyPublishesSignsNobodyIn) {
  fetcher.answers[kTokenAddress] = {
      200, tokens_json(id_token_of(claims_of(attempt), "2", other_rsa_key()))};
  for (int i = 0; i < 2; ++i) {
    const std::int64_t began = clock.unix_seconds();
    const Finished finished = get_in_time(sign_in.finish(config, attempt, callback_of(attempt)));
    EXPECT_EQ(said(finished), "failed");
    EXPECT_LE(clock.unix_seconds() - began, 8);
  }
}

TEST_F(SignInTest, KeysThatCannotBeHadAreNobodysFault) {
  book.set_issuers({});
  turn();
  EXPECT_EQ(said(get_in_time(sign_in.finish(config, attempt, callback_of(attempt)))),
            "unavailable");
}

// A logout that the provider told of while the code was on its way ends this session too.
TEST_F(SignInTest, ASessionBeganWhenItsCodeWasSent) {
  fetcher.held = {kTokenAddress};
  std::optional<Finished> session;
  runtime::TaskSet tasks(loop);
  tasks.start(keep_session(sign_in.finish(config, attempt, callback_of(attempt)), session));
  EXPECT_TRUE(turn_until([&] { return fetcher.count(kTokenAddress) == 1; }));
  pass_seconds(5);
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return session.has_value(); }));
  ASSERT_TRUE(*session);
  EXPECT_EQ((*session)->began_at, kNow);
}

TEST_F(SignInTest, MayBeDestroyedAtAnyTime) {
  rotate_keys();
  fetcher.answers[kTokenAddress] = {
      200, tokens_json(id_token_of(claims_of(attempt), "2", other_rsa_key()))};
  for (const std::string& address : {kMetadataAddress, kTokenAddress, kKeysAddress}) {
    SCOPED_TRACE(address);
    fetcher.held = {address};
    const std::size_t before = fetcher.count(address);
    std::optional<Finished> session;
    runtime::TaskSet tasks(loop);
    tasks.start(keep_session(sign_in.finish(config, attempt, callback_of(attempt)), session));
    EXPECT_TRUE(turn_until([&] { return fetcher.count(address) > before; }));
    tasks.cancel_all();
    fetcher.let_go(address);
    turn();
    EXPECT_FALSE(session);
  }
  EXPECT_EQ(said(finish()), "signed in");
}

TEST_F(SignInTest, KeepsItsConfigurationOverAReload) {
  fetcher.held = {kTokenAddress};
  std::optional<Finished> session;
  runtime::TaskSet tasks(loop);
  tasks.start(keep_session(sign_in.finish(config, attempt, callback_of(attempt)), session));
  EXPECT_TRUE(turn_until([&] { return fetcher.count(kTokenAddress) == 1; }));
  const std::weak_ptr<config::Config> old = config;
  config = a_sign_in_config();
  config->identity.providers.clear();
  fetcher.let_go(kTokenAddress);
  EXPECT_TRUE(turn_until([&] { return session.has_value(); }));
  EXPECT_EQ(said(*session), "signed in");
  turn();
  EXPECT_TRUE(old.expired()) << "and lets it go then";
}

TEST_F(SignInTest, APublicClientHasNoSecretToSend) {
  config->identity.providers[0].client_secret = config::Secret();
  EXPECT_EQ(said(finish()), "signed in");
  const http::FetchRequest& asked = fetcher.asked.back();
  EXPECT_EQ(value_in(asked.body, "client_id"), "signet");
  for (const auto& [name, value] : asked.headers)
    EXPECT_NE(name, "authorization");
}

}  // namespace
}  // namespace signet::identity
