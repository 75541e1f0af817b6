#include "identity/key_set.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

std::string_view outcome(std::string_view json) {
  const auto set = KeySet::parse(json);
  return set ? "read" : to_string(set.error());
}

TEST(KeySet, Reads) {
  const KeySet set =
      key_set({rsa_key().jwk(R"("kid":"a","use":"sig","alg":"RS256","x5t":"1")"),
               p256_key().jwk(R"("kid":"b","key_ops":["sign","verify"])"),
               crypto::SigningKey::elliptic("P-384").jwk(), crypto::SigningKey::ed25519().jwk()});
  ASSERT_EQ(set.keys().size(), 4U);
  EXPECT_EQ(set.skipped(), 0U);
  EXPECT_EQ(set.keys()[0].id, "a");
  EXPECT_EQ(set.keys()[0].algorithm, Algorithm::rs256);
  EXPECT_EQ(set.keys()[1].algorithm, std::nullopt);
  EXPECT_EQ(set.keys()[3].id, std::nullopt);
  EXPECT_TRUE(set.has("a"));
  EXPECT_FALSE(set.has("A"));
  EXPECT_FALSE(set.has(""));
}

TEST(KeySet, SkipsKeysThatAreNotForIt) {
  const std::string good = p256_key().jwk(R"("kid":"good")");
  const std::string n = crypto::base64url(rsa_key().modulus());
  const auto rsa = [&](std::string_view more) { return rsa_key().jwk(more); };
  const std::vector<std::string> others{
      R"({"kty":"oct","k":"c2VjcmV0","kid":"a","alg":"HS256"})",
      R"({"kty":"oct","k":"c2VjcmV0"})",
      // The public key as a symmetric one, and one that is both.
      R"({"kty":"oct","k":")" + n + R"(","use":"sig"})",
      rsa(R"("k":"c2VjcmV0")"),
      // Private keys.
      rsa(R"("d":"AQAB")"),
      rsa(R"("p":"AQAB")"),
      p256_key().jwk(R"("d":"AQAB")"),
      p256_key().jwk(R"("d":null)"),
      // For something else.
      rsa(R"("use":"enc")"),
      rsa(R"("use":"SIG")"),
      rsa(R"("use":null)"),
      rsa(R"("use":["sig"])"),
      rsa(R"("key_ops":["sign"])"),
      rsa(R"("key_ops":["encrypt","wrapKey"])"),
      rsa(R"("key_ops":[])"),
      rsa(R"("key_ops":"verify")"),
      rsa(R"("alg":"RSA-OAEP")"),
      rsa(R"("alg":"HS256")"),
      rsa(R"("alg":"none")"),
      rsa(R"("alg":"rs256")"),
      rsa(R"("alg":"ES256")"),
      rsa(R"("alg":1)"),
      p256_key().jwk(R"("alg":"RS256")"),
      p256_key().jwk(R"("alg":"ES384")"),
      // Names that no token can say.
      rsa(R"("kid":1)"),
      rsa(R"("kid":["a"])"),
      rsa("\"kid\":\"" + std::string(257, 'k') + "\""),
      // Types and curves that Signet does not know.
      R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
      R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})",
      R"({"kty":"OKP","crv":"X25519","x":"AA"})",
      R"({"kty":"AKP","alg":"ML-DSA-44","pub":"AA"})",
      R"({"kty":"rsa","n":")" + n + R"(","e":"AQAB"})",
      R"({"kty":1})",
      R"({"n":")" + n + R"(","e":"AQAB"})",
      "{}",
      "null",
      "[]",
      R"("RSA")",
      // Weak or broken numbers.
      R"({"kty":"RSA","n":")" + n + R"(","e":"AQ"})",
      R"({"kty":"RSA","n":")" + n + R"(","e":"Aw"})",
      R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
      R"({"kty":"RSA","n":")" + n + R"("})",
      R"({"kty":"RSA","e":"AQAB"})",
      R"({"kty":"RSA","n":")" + n + R"(=","e":"AQAB"})",
      R"({"kty":"RSA","n":[1],"e":65537})",
      R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})",
      R"({"kty":"EC","crv":"P-256"})",
      R"({"kty":"OKP","crv":"Ed25519","x":"AA"})",
  };
  for (const std::string& other : others) {
    EXPECT_EQ(outcome(key_set_json({other})), "no_usable_key") << other;
    const auto set = KeySet::parse(key_set_json({other, good, other}));
    ASSERT_TRUE(set) << other;
    EXPECT_EQ(set->keys().size(), 1U) << other;
    EXPECT_EQ(set->skipped(), 2U);
    EXPECT_TRUE(set->has("good"));
  }
}

TEST(KeySet, RefusesWhatIsNoSet) {
  std::string many = R"({"keys":[)";
  for (int i = 0; i < 10'000; ++i)
    many += R"({"kty":"oct","kid":"k"},)";
  many += "{}]}";
  std::string hundred_one = R"({"keys":[{})";
  for (int i = 0; i < 100; ++i)
    hundred_one += ",{}";
  hundred_one += "]}";
  struct Row {
    std::string json;
    std::string_view error;
  };
  const std::vector<Row> rows{
      {"", "not_json"},
      {"<html>", "not_json"},
      {"[]", "not_json"},
      {rsa_key().pem(), "not_json"},
      {"{}", "no_keys"},
      {R"({"keys":null})", "no_keys"},
      {R"({"keys":{}})", "no_keys"},
      {R"({"Keys":[]})", "no_keys"},
      {R"({"keys":[]})", "no_usable_key"},
      {R"({"keys":[],"keys":[]})", "duplicate_member"},
      {R"({"keys":[{"kid":"a","kid":"b"}]})", "duplicate_member"},
      {R"({"keys":[[[[[[[[[]]]]]]]]]})", "too_complex"},
      {R"({"keys":[)" + std::string(500'000, '1').replace(1, 0, ",") + "]}", "not_json"},
      {many, "too_many_keys"},
      {hundred_one, "too_many_keys"},
      {std::string((1 << 20) + 1, ' '), "too_large"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(row.json), row.error) << row.json.substr(0, 60);
  std::string values = R"({"a":[0)";
  for (int i = 0; i < 250'000; ++i)
    values += ",0";
  EXPECT_EQ(outcome(values + "]}"), "too_complex");
  for (int i = 0; i <= static_cast<int>(KeySetError::no_usable_key); ++i) {
    EXPECT_NE(to_string(static_cast<KeySetError>(i)), "unknown");
    EXPECT_NE(describe(static_cast<KeySetError>(i)), "unknown");
  }
}

TEST(KeySet, FindsByNameTypeAndAlgorithm) {
  const KeySet set = key_set(
      {rsa_key().jwk(R"("kid":"a","alg":"RS256")"), rsa_key().jwk(R"("kid":"a","alg":"PS256")"),
       p256_key().jwk(R"("kid":"a")"), other_rsa_key().jwk(R"("kid":"b")"), other_rsa_key().jwk()});
  struct Row {
    std::optional<std::string_view> id;
    Algorithm algorithm;
    std::vector<std::size_t> found;
  };
  const std::vector<Row> rows{
      {"a", Algorithm::rs256, {0}},
      {"a", Algorithm::ps256, {1}},
      {"a", Algorithm::rs512, {}},
      {"a", Algorithm::es256, {2}},
      {"a", Algorithm::es384, {}},
      {"a", Algorithm::eddsa, {}},
      {"b", Algorithm::rs256, {3}},
      {"b", Algorithm::rs512, {3}},
      {"b", Algorithm::es256, {}},
      {"c", Algorithm::rs256, {}},
      {"", Algorithm::rs256, {}},
      {std::nullopt, Algorithm::rs256, {0, 3, 4}},
      {std::nullopt, Algorithm::es256, {2}},
      {std::nullopt, Algorithm::eddsa, {}},
  };
  for (const Row& row : rows) {
    std::vector<const VerificationKey*> expected;
    for (const std::size_t i : row.found)
      expected.push_back(&set.keys()[i]);
    EXPECT_EQ(set.find(row.id, row.algorithm), expected)
        << row.id.value_or("without") << ' ' << to_string(row.algorithm);
  }
}

TEST(KeySet, CandidatesAreBounded) {
  std::string json = R"({"keys":[)" + p256_key().jwk(R"("kid":"a")");
  for (int i = 0; i < 99; ++i)
    json += "," + p256_key().jwk(R"("kid":"a")");
  const auto set = KeySet::parse(json + "]}");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys().size(), kMaxKeys);
  EXPECT_EQ(set->find("a", Algorithm::es256).size(), kMaxCandidates);
  EXPECT_EQ(set->find(std::nullopt, Algorithm::es256).size(), kMaxCandidates);
}

}  // namespace
}  // namespace signet::identity
