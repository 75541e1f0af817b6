#include "identity/session.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/random_for_tests.h"
#include "identity/session_cookie.h"
#include "runtime/event_loop.h"

namespace signet::identity {
namespace {

Session a_session() {
  Session session;
  for (std::size_t i = 0; i < session.id.size(); ++i)
    session.id[i] = static_cast<std::byte>(200 + i);
  session.person = {"ada@example.com", "Ada Lovelace", {"ml-platform", "", "gruppe-ü"}};
  session.provider = "corp";
  session.subject = "0\n1";
  session.provider_session = "sid-1";
  session.signed_in_at = 1'700'000'000;
  session.began_at = 1'700'000'001;
  session.seen_at = 1'700'003'000;
  session.can_refresh = true;
  return session;
}

TEST(Session, IsReadAsItWasWritten) {
  EXPECT_EQ(decode(encode(a_session())), a_session());
  Session empty;
  EXPECT_EQ(decode(encode(empty)), empty);
  Session large = a_session();
  large.person.groups.assign(300, std::string(200, 'g'));
  large.began_at = std::numeric_limits<std::int64_t>::max() / 2;
  EXPECT_EQ(decode(encode(large)), large);
}

TEST(Session, NothingElseIsRead) {
  const std::string good = encode(a_session());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(decode(std::string_view(good).substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(decode(good + '\0'), std::nullopt);
  std::string other = good;
  other[0] = 2;
  EXPECT_EQ(decode(other), std::nullopt) << "another version";
  other = good;
  other[17] = 2;
  EXPECT_EQ(decode(other), std::nullopt) << "an unknown flag";
  // A number of more groups than there is text for takes no memory.
  std::string many = encode({});
  many.pop_back();
  many += "\xff\xff\xff\xff\x0f";
  EXPECT_EQ(decode(many), std::nullopt);
  many.back() = '\x7f';
  EXPECT_EQ(decode(many), std::nullopt);
  EXPECT_EQ(decode(std::string(1, 1) + std::string(200, '\xff')), std::nullopt);
}

TEST(Session, Lives) {
  Session session;
  session.began_at = 10'000;
  session.seen_at = 10'500;
  struct Row {
    std::int64_t now;
    SessionEnd expected;
  };
  for (const Row& row : std::vector<Row>{{9'000, SessionEnd::from_the_future},
                                         {10'439, SessionEnd::from_the_future},
                                         {10'440, SessionEnd::lives},
                                         {10'500, SessionEnd::lives},
                                         {11'499, SessionEnd::lives},
                                         {11'500, SessionEnd::idle},
                                         {13'599, SessionEnd::idle},
                                         {13'600, SessionEnd::too_old},
                                         {1'000'000, SessionEnd::too_old}}) {
    EXPECT_EQ(state_at(session, row.now, 1000, 3600), row.expected) << row.now;
  }
}

const std::vector<std::string> kKeys{std::string(32, 'n'), std::string(40, 'o')};

TEST(SessionCookie, SealedByTheFirstOpenedByEach) {
  CountingRandom random;
  SessionSealer both(kKeys, "mlflow.example.com", random);
  SessionSealer old({&kKeys[1], 1}, "mlflow.example.com", random);
  SessionSealer fresh({&kKeys[0], 1}, "mlflow.example.com", random);
  const std::string by_old = old.seal(a_session());
  const std::string by_both = both.seal(a_session());
  EXPECT_EQ(both.open(by_old), a_session());
  EXPECT_EQ(both.open(by_both), a_session());
  EXPECT_EQ(fresh.open(by_both), a_session());
  EXPECT_EQ(old.open(by_both), std::nullopt);
  EXPECT_EQ(fresh.open(by_old), std::nullopt);
  EXPECT_NE(both.seal(a_session()), by_both) << "each has a nonce of its own";
}

// Made by the first version: whoever changes the derivation of keys signs everybody out.
TEST(SessionCookie, OfEarlierVersionsOpen) {
  CountingRandom random;
  SessionSealer sealer(kKeys, "mlflow.example.com", random);
  Session session;
  session.provider = "corp";
  session.subject = "ada";
  session.began_at = 1'700'000'000;
  EXPECT_EQ(sealer.open("JmG19AABAgMEBQYHCAkKCypOlzHbi1ZjoJJYDCFiD8SlcGw6um8fM1KqkwhuDjcqCc0G1fnPXw"
                        "D3O-i3A9nESS5npi8j4VY"),
            session);
  EXPECT_EQ(sealer.csrf_token({}),
            "6f67f75a9e847c69659f683822883ad94e769043d6f8a86e27fd03e3a7fc5b29");
}

TEST(SessionCookie, IsOfOneGateway) {
  CountingRandom random;
  SessionSealer here(kKeys, "mlflow.example.com", random);
  SessionSealer there(kKeys, "other.example.com", random);
  EXPECT_EQ(there.open(here.seal(a_session())), std::nullopt);
}

TEST(SessionCookie, AnyChangeIsSeen) {
  CountingRandom random;
  SessionSealer sealer(kKeys, "mlflow.example.com", random);
  const std::string good = sealer.seal(a_session());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(sealer.open(changed), std::nullopt) << i;
    EXPECT_EQ(sealer.open(good.substr(0, i)), std::nullopt) << i;
  }
  for (const std::string& other : {good + "A", good + "=", " " + good, std::string(),
                                   std::string(70'000, 'A'), std::string("not base64!")}) {
    EXPECT_EQ(sealer.open(other), std::nullopt) << other.substr(0, 20);
  }
}

TEST(SessionCookie, CsrfTokens) {
  CountingRandom random;
  SessionSealer both(kKeys, "a", random);
  SessionSealer old({&kKeys[1], 1}, "a", random);
  SessionSealer other({&kKeys[0], 1}, "a", random);
  SessionId id{};
  SessionId another{};
  another[15] = std::byte{1};
  const std::string token = old.csrf_token(id);
  EXPECT_EQ(token.size(), 64u);
  EXPECT_TRUE(both.is_csrf_token(id, token)) << "of an older key";
  EXPECT_FALSE(both.is_csrf_token(another, token));
  EXPECT_FALSE(other.is_csrf_token(id, token));
  EXPECT_FALSE(both.is_csrf_token(id, ""));
  EXPECT_FALSE(both.is_csrf_token(id, token + "0"));
  EXPECT_FALSE(both.is_csrf_token(id, token.substr(1)));
}

class CookiesTest : public testing::Test {
 protected:
  std::string collected(const std::vector<std::string>& headers, bool https = true) {
    runtime::Arena arena(loop_.blocks());
    http::Fields fields(arena);
    for (const std::string& header : headers)
      fields.add(http::FieldId::cookie, header);
    std::string joined;
    auto found = collect_session(fields, CookieNames(https), joined);
    if (found) return std::string(*found);
    switch (found.error()) {
      case CookieProblem::repeated: return "!repeated";
      case CookieProblem::gap: return "!gap";
      case CookieProblem::malformed: return "!malformed";
    }
    return "!";
  }
  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
};

TEST_F(CookiesTest, AreCollected) {
  struct Row {
    std::vector<std::string> headers;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {{}, ""},
           {{"a=b; other=c"}, ""},
           {{"a=b; __Host-signet=abc_-9; c=d"}, "abc_-9"},
           {{"a=b", "__Host-signet=abc"}, "abc"},
           {{"__Host-signet="}, ""},
           // Tossed by a sibling domain, or by a page on plain HTTP.
           {{"__Host-signet=abc; __Host-signet=abc"}, "!repeated"},
           {{"__Host-signet=abc", "x=y; __Host-signet=other"}, "!repeated"},
           {{"signet=abc"}, ""},
           {{"__host-signet=abc; __HOST-SIGNET=def"}, ""},
           {{"__Host-signet =abc; __Host-signet=d"}, "!repeated"},
           // Parts.
           {{"__Host-signet=2.ab; __Host-signet-1=cd"}, "abcd"},
           {{"__Host-signet-1=cd; __Host-signet=2.ab"}, "abcd"},
           {{"__Host-signet=3.ab; __Host-signet-2=ef; __Host-signet-1=cd"}, "abcdef"},
           {{"__Host-signet=2.ab"}, "!gap"},
           {{"__Host-signet=3.ab; __Host-signet-2=ef"}, "!gap"},
           {{"__Host-signet-1=cd"}, "!gap"},
           {{"__Host-signet=ab; __Host-signet-1=cd"}, "!gap"},
           {{"__Host-signet=2.ab; __Host-signet-1=cd; __Host-signet-2=ef"}, "!gap"},
           {{"__Host-signet=2.ab; __Host-signet-1=cd; __Host-signet-1=cd"}, "!repeated"},
           {{"__Host-signet=1.ab"}, "!malformed"},
           {{"__Host-signet=9.ab"}, "!malformed"},
           {{"__Host-signet=x.ab"}, "!malformed"},
           {{"__Host-signet=a.b.c"}, "!malformed"},
           {{"__Host-signet=\"abc\""}, "!malformed"},
           {{"__Host-signet=a b"}, "!malformed"},
           {{"__Host-signet=a%41"}, "!malformed"},
           {{"__Host-signet=ab=="}, "!malformed"}}) {
    EXPECT_EQ(collected(row.headers), row.expected) << testing::PrintToString(row.headers);
  }
  EXPECT_EQ(collected({"signet=abc; __Host-signet=d"}, false), "abc");
}

TEST_F(CookiesTest, AThousandOthersDoNoHarm) {
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "c" + std::to_string(i) + "=v; ";
  EXPECT_EQ(collected({many + "__Host-signet=abc; " + many}), "abc");
}

TEST_F(CookiesTest, LargeSessionsAreSplitAndJoined) {
  CountingRandom random;
  SessionSealer sealer(kKeys, "a", random);
  for (std::size_t groups : {0U, 20U, 60U, 150U}) {
    Session session = a_session();
    session.person.groups.assign(groups, std::string(60, 'g'));
    const std::string sealed = sealer.seal(session);
    const std::vector<std::string> parts = split_for_cookies(sealed);
    EXPECT_EQ(parts.size(), (sealed.size() + kCookiePartBytes - 1) / kCookiePartBytes);
    std::string header;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_LE(parts[i].size(), 4000u);
      header +=
          (i == 0 ? "__Host-signet" : "__Host-signet-" + std::to_string(i)) + "=" + parts[i] + "; ";
    }
    EXPECT_EQ(sealer.open(collected({header})), session) << groups;
  }
  Session monster = a_session();
  monster.person.groups.assign(2000, std::string(60, 'g'));
  EXPECT_TRUE(split_for_cookies(sealer.seal(monster)).empty());
}

TEST_F(CookiesTest, PartsOfTwoPeopleDoNotMix) {
  CountingRandom random;
  SessionSealer sealer(kKeys, "a", random);
  Session ada = a_session();
  ada.person.groups.assign(60, std::string(60, 'a'));
  Session eve = a_session();
  eve.person.groups.assign(60, std::string(60, 'e'));
  const auto of_ada = split_for_cookies(sealer.seal(ada));
  const auto of_eve = split_for_cookies(sealer.seal(eve));
  ASSERT_EQ(of_ada.size(), 2u);
  ASSERT_EQ(of_eve.size(), 2u);
  const std::string mixed =
      collected({"__Host-signet=" + of_ada[0] + "; __Host-signet-1=" + of_eve[1]});
  EXPECT_EQ(sealer.open(mixed), std::nullopt);
  const std::string swapped =
      collected({"__Host-signet=2." + of_ada[1] + "; __Host-signet-1=" + of_ada[0].substr(2)});
  EXPECT_EQ(sealer.open(swapped), std::nullopt);
}

}  // namespace
}  // namespace signet::identity
