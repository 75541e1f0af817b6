#include "identity/kept_tokens.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/random_for_tests.h"

namespace signet::identity {
namespace {

config::SessionRules rules_of(std::initializer_list<char> keys) {
  config::SessionRules rules;
  for (const char key : keys)
    rules.keys.emplace_back(std::string(32, key));
  return rules;
}

SessionId id_of(unsigned char last) {
  SessionId id{};
  id.back() = static_cast<std::byte>(last);
  return id;
}

KeptTokens some_tokens() {
  KeptTokens tokens;
  tokens.refresh_token = "refresh";
  tokens.id_token = "id.token";
  return tokens;
}

class KeptTokensTest : public ::testing::Test {
 protected:
  std::vector<std::byte> sealed(const KeptTokens& tokens = some_tokens(),
                                const config::SessionRules& rules = rules_of({'a'})) {
    return seal(tokens, id_of(1), rules, random);
  }
  CountingRandom random;
};

TEST_F(KeptTokensTest, ComeBackAsTheyWere) {
  for (const std::size_t length : {0u, 1u, 127u, 128u, 65536u}) {
    KeptTokens tokens;
    tokens.refresh_token = std::string(length, 'r');
    tokens.id_token = std::string(length / 2, '\xff');
    EXPECT_EQ(open_tokens(sealed(tokens), id_of(1), rules_of({'a'}), random), tokens) << length;
  }
}

TEST_F(KeptTokensTest, OpenWithEveryKeyAndSealWithTheFirst) {
  const auto old = sealed();
  EXPECT_EQ(open_tokens(old, id_of(1), rules_of({'b', 'a'}), random), some_tokens());
  EXPECT_FALSE(open_tokens(old, id_of(1), rules_of({'b'}), random)) << "the key is gone";
  const auto fresh = sealed(some_tokens(), rules_of({'b', 'a'}));
  EXPECT_EQ(open_tokens(fresh, id_of(1), rules_of({'b'}), random), some_tokens());
  EXPECT_FALSE(open_tokens(fresh, id_of(1), rules_of({'a'}), random));
}

// Whoever can write to the store can give nobody somebody else's tokens.
TEST_F(KeptTokensTest, AreBoundToTheirSession) {
  EXPECT_FALSE(open_tokens(sealed(), id_of(2), rules_of({'a'}), random));
}

TEST_F(KeptTokensTest, HideWhatTheyAre) {
  const auto bytes = sealed();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_EQ(text.find("refresh"), std::string_view::npos);
  EXPECT_NE(sealed(), bytes) << "twice the same shows nothing either";
}

TEST_F(KeptTokensTest, NothingThatWasChangedOpens) {
  const auto whole = sealed();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto changed = whole;
    changed[i] ^= std::byte{1};
    const auto opened = open_tokens(changed, id_of(1), rules_of({'a'}), random);
    EXPECT_FALSE(opened) << i;
  }
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(open_tokens(std::span(whole).first(length), id_of(1), rules_of({'a'}), random))
        << length;
  }
  auto longer = whole;
  longer.push_back(std::byte{'A'});
  EXPECT_FALSE(open_tokens(longer, id_of(1), rules_of({'a'}), random));
  for (const char* garbage : {"", "!", "AAAA", "\xff\xff", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    const std::string_view text(garbage);
    EXPECT_FALSE(open_tokens(std::as_bytes(std::span(text)), id_of(1), rules_of({'a'}), random));
  }
}

TEST(SessionName, Is32HexadecimalDigits) {
  EXPECT_EQ(session_name(SessionId{}), std::string(32, '0'));
  EXPECT_EQ(session_name(id_of(0xAB)), std::string(30, '0') + "ab");
}

TEST(KeyTexts, AreAllInOrder) {
  EXPECT_EQ(key_texts(rules_of({'a', 'b'})),
            (std::vector<std::string>{std::string(32, 'a'), std::string(32, 'b')}));
  EXPECT_TRUE(key_texts(config::SessionRules()).empty());
}

}  // namespace
}  // namespace signet::identity
