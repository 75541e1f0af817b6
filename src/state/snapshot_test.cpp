#include "state/snapshot.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "state/rig_for_tests.h"
#include "state/text_list.h"

namespace signet::state {
namespace {

TEST(Snapshot, ACopyIsChangedWithoutItsOriginal) {
  Snapshot first;
  for (int i = 0; i < 1000; ++i)
    first.put(token_of(std::to_string(i)));
  Snapshot second(first);
  for (int i = 0; i < 1000; i += 2)
    second.remove_token(crypto::Sha256::of(std::to_string(i)));
  second.remove_token(crypto::Sha256::of("nobody's"));
  Token changed = token_of("1");
  changed.revoked_at = 5;
  second.put(changed);
  second.put(token_of("new"));
  EXPECT_EQ(first.tokens(), 1000u);
  EXPECT_EQ(second.tokens(), 501u);
  for (int i = 0; i < 1000; ++i) {
    const crypto::Digest hash = crypto::Sha256::of(std::to_string(i));
    ASSERT_NE(first.find_token(hash), nullptr);
    EXPECT_EQ(first.find_token(hash)->revoked_at, 0);
    EXPECT_EQ(second.find_token(hash) != nullptr, i % 2 == 1);
  }
  EXPECT_EQ(second.find_token(changed.hash)->revoked_at, 5);
}

TEST(Snapshot, ManyRevocationsAreToldApart) {
  Snapshot snapshot;
  for (int i = 0; i < 5000; ++i)
    snapshot.put(revocation_of(static_cast<RevocationKind>(i % 3), std::to_string(i / 3)));
  EXPECT_EQ(snapshot.revocations(), 5000u);
  EXPECT_NE(snapshot.find_revocation(RevocationKind::person, "17"), nullptr);
  snapshot.remove_revocation(RevocationKind::person, "17");
  EXPECT_EQ(snapshot.find_revocation(RevocationKind::person, "17"), nullptr);
  EXPECT_NE(snapshot.find_revocation(RevocationKind::session, "17"), nullptr);
  EXPECT_EQ(snapshot.revocations(), 4999u);
}

TEST(TextList, KeepsEveryName) {
  const std::vector<std::vector<std::string>> lists{
      {}, {""}, {"a"}, {"a", "", "b"}, {"1:x,", ",", ":"}, {std::string("\0\n\xff", 3), "ü"}};
  for (const auto& names : lists)
    EXPECT_EQ(names_from(to_text(names)), names) << to_text(names);
}

TEST(TextList, RefusesWhatIsNone) {
  for (const char* text : {"x", "1", "1:", "1:a", "1:ab,", "2:a,", "-1:a,", "1:a,x", ":,", " 1:a,",
                           "99999999999999999999:a,", "18446744073709551615:a,"})
    EXPECT_FALSE(names_from(text)) << text;
}

}  // namespace
}  // namespace signet::state
