#include "identity/recent_sessions.h"

#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/session_cookie.h"

namespace signet::identity {
namespace {

std::shared_ptr<const Session> session_of(std::string person) {
  Session session;
  session.person.id = std::move(person);
  return std::make_shared<const Session>(std::move(session));
}

TEST(RecentSessions, AreFoundByTheWholeText) {
  RecentSessions recent;
  EXPECT_EQ(recent.find("begin-and-end"), nullptr);
  const auto ada = session_of("ada");
  recent.keep("begin-and-end", ada);
  EXPECT_EQ(recent.find("begin-and-end"), ada);
  for (const char* other : {"", "end", "Begin-and-end", "-begin-and-end", "egin-and-end",
                            "begin-and-enD", "begin-and-end-"})
    EXPECT_EQ(recent.find(other), nullptr) << other;
}

TEST(RecentSessions, OfOnePlaceHaveTheLastOnly) {
  RecentSessions recent;
  const auto ada = session_of("ada");
  const auto bob = session_of("bob");
  recent.keep("a-the same end", ada);
  recent.keep("b-the same end", bob);
  EXPECT_EQ(recent.find("a-the same end"), nullptr);
  EXPECT_EQ(recent.find("b-the same end"), bob);
  EXPECT_EQ(ada.use_count(), 1) << "a session that was displaced is let go";
}

TEST(RecentSessions, AreBounded) {
  RecentSessions recent;
  const auto ada = session_of("ada");
  for (int i = 0; i < 20'000; ++i)
    recent.keep(fmt::format("{:08d}", i), ada);
  EXPECT_LE(ada.use_count(), 1 + 1024);
  EXPECT_GE(ada.use_count(), 1000) << "their places are spread";
  recent.keep("short", ada);
  EXPECT_EQ(recent.find("short"), nullptr);
  const std::string cookie(kCookiePartBytes, 'x');
  recent.keep(cookie, ada);
  EXPECT_EQ(recent.find(cookie), ada);
  recent.keep(cookie + "x", ada);
  EXPECT_EQ(recent.find(cookie + "x"), nullptr);
}

}  // namespace
}  // namespace signet::identity
