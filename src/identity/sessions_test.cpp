#include "identity/sessions.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/kept_tokens.h"
#include "identity/random_for_tests.h"
#include "identity/sign_out.h"
#include "runtime/event_loop.h"

namespace signet::identity {
namespace {

using state::RevocationKind;

constexpr std::int64_t kNow = 1'800'000'000;

config::Config config_of(std::string_view public_url = "https://mlflow.example.com") {
  config::Config made;
  made.public_url = *config::parse_url(public_url);
  config::Provider provider;
  provider.name = "corp";
  made.identity.providers.push_back(provider);
  provider.name = "partners";
  made.identity.providers.push_back(provider);
  made.identity.session.keys = {config::Secret(std::string(32, 'k'))};
  return made;
}

Session a_session() {
  Session session;
  session.id.fill(std::byte{7});
  session.person.id = "ada@example.com";
  session.person.groups = {"a", "b"};
  session.provider = "corp";
  session.subject = "sub-1";
  session.provider_session = "sid-1";
  session.signed_in_at = session.began_at = session.seen_at = session.vouched_at = kNow - 100;
  session.can_refresh = true;
  return session;
}

class SessionsTest : public ::testing::Test {
 protected:
  // The pairs of Set-Cookie values as a browser sends them back; those that are deleted are not.
  static std::string cookie_of(const std::vector<std::string>& set) {
    std::string text;
    for (const std::string& each : set) {
      if (each.find("Max-Age=0") != std::string::npos) continue;
      if (!text.empty()) text += "; ";
      text += each.substr(0, each.find(';'));
    }
    return text;
  }
  const http::Fields& fields(const std::string& cookies,
                             const std::vector<std::string>& csrf = {}) {
    auto made = std::make_unique<http::Fields>(arena);
    texts.push_back(std::make_unique<std::string>(cookies));
    if (!cookies.empty()) made->add(http::FieldId::cookie, *texts.back());
    for (const std::string& token : csrf) {
      texts.push_back(std::make_unique<std::string>(token));
      made->add(kCsrfHeader, *texts.back());
    }
    return *all.emplace_back(std::move(made));
  }
  std::string cookies_of(const Session& session) {
    return cookie_of(sessions.set_cookies(session, fields("")));
  }
  // The person, "nobody", or why not.
  std::string said(const std::string& cookies, std::int64_t now = kNow) {
    return said_by(sessions, cookies, now);
  }
  std::string said_by(Sessions& by, const std::string& cookies, std::int64_t now = kNow) {
    const auto opened = by.open(fields(cookies), snapshot, now);
    if (!opened) return "!" + std::string(opened.error());
    return *opened ? (*opened)->person.id : "nobody";
  }
  void revoke(RevocationKind kind, const std::string& key, std::int64_t made_at = kNow) {
    state::Revocation revocation;
    revocation.kind = kind;
    revocation.key = key;
    revocation.made_at = made_at;
    snapshot.put(revocation);
  }

  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  runtime::Arena arena{loop.blocks()};
  std::vector<std::unique_ptr<http::Fields>> all;
  std::vector<std::unique_ptr<std::string>> texts;
  crypto::SystemRandom random;
  config::Config config = config_of();
  Sessions sessions{config, random};
  state::Snapshot snapshot;
};

TEST_F(SessionsTest, OpensWhatItSet) {
  const Session session = a_session();
  const auto set = sessions.set_cookies(session, fields(""));
  ASSERT_EQ(set.size(), 2u);
  EXPECT_TRUE(set[0].starts_with("__Host-signet="));
  EXPECT_TRUE(set[0].ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax")) << set[0];
  EXPECT_TRUE(set[1].starts_with("mlflow-request-header-X-Signet-Csrf="));
  EXPECT_TRUE(set[1].ends_with("; Path=/; Secure; SameSite=Lax")) << "scripts read this one";
  const auto opened = sessions.open(fields(cookie_of(set)), snapshot, kNow);
  ASSERT_TRUE(opened && *opened);
  EXPECT_EQ(**opened, session);
  EXPECT_EQ(said(""), "nobody");
  EXPECT_EQ(said("theme=dark; mlflow-request-header-X-Signet-Csrf=x"), "nobody");
  EXPECT_EQ(said("theme=dark; " + cookie_of(set) + "; other=1"), "ada@example.com");
}

TEST_F(SessionsTest, OpensOnlyWhatWasMadeHere) {
  const std::string good = cookies_of(a_session());
  EXPECT_EQ(said(good.substr(0, 60)),
            "!the session cookie was not made here, or with a key that is gone");
  EXPECT_EQ(said("__Host-signet=!"), "!the session cookie is malformed");
  EXPECT_EQ(said("signet=" + good.substr(14)), "nobody") << "a name that plain HTTP may set";
  const std::string pair = good.substr(0, good.find(';'));
  EXPECT_EQ(said(pair + "; " + pair), "!a session cookie came more than once");
  EXPECT_EQ(said("__Host-signet-1=x"), "!a part of the session cookie is missing");
  config::Config other = config_of("https://other.example.com");
  Sessions there(other, random);
  EXPECT_TRUE(said_by(there, good).starts_with("!the session cookie was not made here"));
}

TEST_F(SessionsTest, ANewKeySignsNobodyOut) {
  const std::string good = cookies_of(a_session());
  config.identity.session.keys = {config::Secret(std::string(32, 'n')),
                                  config::Secret(std::string(32, 'k'))};
  Sessions rotated(config, random);
  EXPECT_EQ(said_by(rotated, good), "ada@example.com");
  const std::string fresh = cookie_of(rotated.set_cookies(a_session(), fields("")));
  EXPECT_TRUE(said(fresh).starts_with("!the session cookie was not made here"));
  config.identity.session.keys = {config::Secret(std::string(32, 'n'))};
  Sessions later(config, random);
  EXPECT_EQ(said_by(later, fresh), "ada@example.com");
  EXPECT_TRUE(said_by(later, good).starts_with("!"));
}

TEST_F(SessionsTest, EndsInTime) {
  struct Row {
    const char* name;
    std::int64_t began;
    std::int64_t seen;
    const char* expected;
  };
  const std::int64_t idle = 3600;
  const std::int64_t lifetime = 12 * 3600;
  for (const Row& row :
       std::vector<Row>{{"new", 0, 0, "ada@example.com"},
                        {"used just before", lifetime - 1, 1, "ada@example.com"},
                        {"too old", lifetime, 1, "!the session has reached its lifetime"},
                        {"not idle yet", idle, idle - 1, "ada@example.com"},
                        {"idle", idle, idle, "!the session was not used for too long"},
                        {"another gateway's clock is ahead", -60, -60, "ada@example.com"},
                        {"the clock went back", -61, -61, "!the session begins in the future"},
                        {"seen in the future", 0, -61, "!the session begins in the future"}}) {
    Session session = a_session();
    session.began_at = kNow - row.began;
    session.seen_at = kNow - row.seen;
    EXPECT_EQ(said(cookies_of(session)), row.expected) << row.name;
  }
}

// What is remembered of a session answers no question of time or of revocation.
TEST_F(SessionsTest, OneThatWasOpenedBeforeIsLookedAtAnew) {
  const std::string cookies = cookies_of(a_session());
  const auto first = sessions.open(fields(cookies), snapshot, kNow);
  const auto again = sessions.open(fields(cookies), snapshot, kNow + 1);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(*first, *again) << "opened once";
  EXPECT_EQ(said(cookies, kNow + 24 * 3600), "!the session has reached its lifetime");
  EXPECT_EQ(said(cookies), "ada@example.com");
  revoke(RevocationKind::session, session_name(a_session().id));
  EXPECT_EQ(said(cookies), "!the session is revoked");
}

// Every letter of a cookie counts, also of one that is known.
TEST_F(SessionsTest, AKnownCookieWithAnotherLetterIsNotKnown) {
  const std::string cookies = cookies_of(a_session());
  ASSERT_EQ(said(cookies), "ada@example.com");
  const std::size_t from = cookies.find('=') + 1;
  for (std::size_t at = from; at < cookies.find(';'); ++at) {
    std::string other = cookies;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(said(other).starts_with("!the session cookie was not made here")) << at;
    ASSERT_EQ(said(cookies), "ada@example.com") << "what does not open displaces nothing";
  }
}

// Lifetimes are those of the configuration at hand, whenever the session began.
TEST_F(SessionsTest, AReloadCountsForSessionsThatBeganBefore) {
  Session session = a_session();
  session.began_at = kNow - 1800;
  session.seen_at = kNow - 1000;
  const std::string cookies = cookies_of(session);
  EXPECT_EQ(said(cookies), "ada@example.com");
  config.identity.session.idle = std::chrono::seconds(900);
  Sessions shorter(config, random);
  EXPECT_EQ(said_by(shorter, cookies), "!the session was not used for too long");
  config.identity.session.idle = std::chrono::hours(1);
  config.identity.session.lifetime = std::chrono::minutes(30);
  Sessions shortest(config, random);
  EXPECT_EQ(said_by(shortest, cookies), "!the session has reached its lifetime");
  // Whoever takes a provider away ends its sessions.
  config = config_of();
  config.identity.providers.erase(config.identity.providers.begin());
  Sessions without(config, random);
  EXPECT_EQ(said_by(without, cookies), "!the session's provider is no longer configured");
}

TEST_F(SessionsTest, RevocationsEndIt) {
  struct Row {
    const char* name;
    RevocationKind kind;
    std::string key;
    std::int64_t made_at;
    bool ends;
  };
  const Session session = a_session();
  const std::string cookies = cookies_of(session);
  const std::int64_t began = session.began_at;
  for (const Row& row : std::vector<Row>{
           {"the session", RevocationKind::session, session_name(session.id), began, true},
           {"at any time", RevocationKind::session, session_name(session.id), 0, true},
           {"another session", RevocationKind::session, std::string(32, '0'), kNow, false},
           {"the provider's session", RevocationKind::provider_session,
            provider_session_key("corp", "sid-1"), 0, true},
           {"of another provider", RevocationKind::provider_session,
            provider_session_key("partners", "sid-1"), kNow, false},
           {"another of the provider's", RevocationKind::provider_session,
            provider_session_key("corp", "sid-2"), kNow, false},
           {"the person", RevocationKind::person, "ada@example.com", began, true},
           {"the person, before", RevocationKind::person, "ada@example.com", began - 1, false},
           {"another person", RevocationKind::person, "eve@example.com", kNow, false},
           {"the subject", RevocationKind::person, subject_key("corp", "sub-1"), began, true},
           {"the subject, before", RevocationKind::person, subject_key("corp", "sub-1"), began - 1,
            false},
           {"a subject elsewhere", RevocationKind::person, subject_key("partners", "sub-1"), kNow,
            false},
           {"a person of that name", RevocationKind::person, "sub-1", kNow, false}}) {
    revoke(row.kind, row.key, row.made_at);
    EXPECT_EQ(said(cookies), row.ends ? "!the session is revoked" : "ada@example.com") << row.name;
    snapshot.remove_revocation(row.kind, row.key);
  }
}

// A session without `sid` is none of those that a logout of an empty one names.
TEST_F(SessionsTest, NoProviderSessionIsNotAnEmptyOne) {
  Session session = a_session();
  session.provider_session = "";
  revoke(RevocationKind::provider_session, provider_session_key("corp", ""));
  EXPECT_EQ(said(cookies_of(session)), "ada@example.com");
}

TEST(RevocationKeys, AreOfOneThingEach) {
  EXPECT_NE(provider_session_key("a", "b"), subject_key("a", "b"));
  EXPECT_NE(subject_key("a", "b-c"), subject_key("a-b", "c"));
  EXPECT_EQ(subject_key("corp", "x").front(), '\n') << "as no person's id begins";
}

TEST_F(SessionsTest, TheCsrfTokenIsOfTheSession) {
  const Session session = a_session();
  const auto set = sessions.set_cookies(session, fields(""));
  const std::string pair = set[1].substr(0, set[1].find(';'));
  const std::string token = pair.substr(pair.find('=') + 1);
  EXPECT_EQ(token.size(), 64u);
  struct Row {
    const char* name;
    std::vector<std::string> sent;
    bool good;
  };
  for (const Row& row : std::vector<Row>{{"once", {token}, true},
                                         {"none", {}, false},
                                         {"twice", {token, token}, false},
                                         {"one of two", {"x", token}, false},
                                         {"empty", {""}, false},
                                         {"shorter", {token.substr(1)}, false},
                                         {"longer", {token + "0"}, false},
                                         {"zeros", {std::string(64, '0')}, false}}) {
    EXPECT_EQ(sessions.has_csrf_token(fields("", row.sent), session), row.good) << row.name;
  }
  Session other = session;
  other.id.fill(std::byte{8});
  EXPECT_FALSE(sessions.has_csrf_token(fields("", {token}), other));
}

TEST_F(SessionsTest, IsDueByItsIdleLifetime) {
  struct Row {
    std::chrono::seconds idle;
    std::int64_t since;
    bool due;
  };
  for (const Row& row : std::vector<Row>{{std::chrono::hours(1), 59, false},
                                         {std::chrono::hours(1), 60, true},
                                         {std::chrono::seconds(120), 29, false},
                                         {std::chrono::seconds(120), 30, true},
                                         {std::chrono::seconds(1), 0, false},
                                         {std::chrono::seconds(1), 1, true},
                                         {std::chrono::hours(1), -1, false}}) {
    config.identity.session.idle = row.idle;
    Session session = a_session();
    session.seen_at = kNow - row.since;
    EXPECT_EQ(Sessions(config, random).is_due(session, kNow), row.due)
        << row.idle.count() << " " << row.since;
  }
}

TEST_F(SessionsTest, WantsRenewalWhereItCan) {
  struct Row {
    std::int64_t since;
    bool can_refresh;
    bool wants;
  };
  for (const Row& row : std::vector<Row>{{899, true, false},
                                         {900, true, true},
                                         {900, false, false},
                                         {0, true, false},
                                         // Clocks of gateways differ; one that was wrong says
                                         // nothing.
                                         {-60, true, false},
                                         {-61, true, true},
                                         {-61, false, false}}) {
    Session session = a_session();
    session.vouched_at = kNow - row.since;
    session.can_refresh = row.can_refresh;
    EXPECT_EQ(sessions.wants_renewal(session, kNow), row.wants) << row.since;
  }
}

TEST_F(SessionsTest, ALargeSessionComesInPartsAndASmallerOneDeletesThem) {
  Session large = a_session();
  for (int i = 0; i < 150; ++i)
    large.person.groups.push_back(fmt::format("a-group-with-a-long-name-{:04}", i));
  const auto parts = sessions.set_cookies(large, fields(""));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_TRUE(parts[1].starts_with("__Host-signet-1="));
  const std::string cookies = cookie_of(parts);
  EXPECT_EQ(said(cookies), "ada@example.com");

  const auto small = sessions.set_cookies(a_session(), fields(cookies));
  ASSERT_EQ(small.size(), 3u);
  EXPECT_EQ(small[1], "__Host-signet-1=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
  EXPECT_EQ(said(cookie_of(small)), "ada@example.com");

  for (int i = 0; i < 1000; ++i)
    large.person.groups.push_back(fmt::format("a-group-with-a-long-name-{:04}", i));
  EXPECT_TRUE(sessions.set_cookies(large, fields("")).empty()) << "no browser keeps this";
}

TEST_F(SessionsTest, ClearsAllThatItMaySet) {
  const auto texts_of = sessions.clear_cookies();
  std::vector<std::string> names;
  for (const std::string& text : texts_of) {
    EXPECT_NE(text.find("=; Path=/; Max-Age=0; Secure"), std::string::npos) << text;
    names.push_back(text.substr(0, text.find('=')));
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"__Host-signet", "mlflow-request-header-X-Signet-Csrf",
                                      "__Host-signet-1", "__Host-signet-2", "__Host-signet-3"}));
}

TEST_F(SessionsTest, OnPlainLoopbackNoCookieAsksForTls) {
  const config::Config plain = config_of("http://127.0.0.1:8080");
  Sessions local(plain, random);
  const auto set = local.set_cookies(a_session(), fields(""));
  EXPECT_TRUE(set[0].starts_with("signet="));
  EXPECT_EQ(set[0].find("Secure"), std::string::npos);
  EXPECT_EQ(said_by(local, cookie_of(set)), "ada@example.com");
}

TEST_F(SessionsTest, AnAttemptsCookieLastsAsLongAsTheAttempt) {
  const SignInAttempt attempt = begin_attempt(random, "corp", "/app", kNow);
  const std::string text = sessions.attempt_cookie(attempt);
  EXPECT_TRUE(text.starts_with(attempt_cookie_name(sessions.names(), attempt.state) + "="));
  EXPECT_TRUE(text.ends_with("; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax")) << text;
  const auto found = find_attempt(fields(text.substr(0, text.find(';'))), sessions.names(),
                                  attempt.state, sessions.attempts());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, attempt);
  // It is no session, nor is a session one of it.
  EXPECT_TRUE(
      said("__Host-signet=" + text.substr(text.find('=') + 1, text.find(';') - text.find('=') - 1))
          .starts_with("!the session cookie was not made here"));
}

}  // namespace
}  // namespace signet::identity
