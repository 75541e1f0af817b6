#include "identity/verify.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/hmac_sha256.h"
#include "identity/claims.h"
#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

constexpr std::string_view kClaims = R"({"sub":"ann"})";

std::string_view outcome(std::string_view compact, const KeySet& keys,
                         AlgorithmSet allowed = kAllAlgorithms) {
  const auto jws = parse_jws(compact);
  if (!jws) return to_string(jws.error());
  const auto verified = verify(*jws, keys, allowed);
  return verified ? "verified" : to_string(verified.error());
}

KeySet trusted() {
  return key_set(
      {rsa_key().jwk(R"("kid":"rsa","use":"sig")"), p256_key().jwk(R"("kid":"ec","alg":"ES256")")});
}

TEST(Verify, AcceptsTheIssuersKeys) {
  const KeySet keys = trusted();
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                                    Algorithm::ps256, Algorithm::ps384, Algorithm::ps512}) {
    const std::string alg = R"({"alg":")" + std::string(to_string(algorithm)) + '"';
    EXPECT_EQ(outcome(token(alg + R"(,"kid":"rsa"})", kClaims, rsa_key(), algorithm), keys),
              "verified");
    // Without a name, whichever fits.
    EXPECT_EQ(outcome(token(alg + "}", kClaims, rsa_key(), algorithm), keys), "verified");
  }
  const std::string es256 =
      token(R"({"alg":"ES256","kid":"ec"})", kClaims, p256_key(), Algorithm::es256);
  EXPECT_EQ(outcome(es256, keys), "verified");
  EXPECT_EQ(outcome(es256, keys, {Algorithm::rs256}), "algorithm_refused");
  EXPECT_EQ(outcome(es256, keys, {}), "algorithm_refused");
}

TEST(Verify, RefusesForeignKeysAndOtherAlgorithms) {
  const KeySet keys = trusted();
  const auto rs256 = [](std::string_view more, const crypto::SigningKey& key) {
    return token(R"({"alg":"RS256")" + std::string(more) + "}", kClaims, key, Algorithm::rs256);
  };
  struct Row {
    std::string compact;
    std::string_view error;
  };
  const std::vector<Row> rows{
      // A foreign key that wears the trusted name.
      {rs256(R"(,"kid":"rsa")", other_rsa_key()), "bad_signature"},
      {rs256("", other_rsa_key()), "bad_signature"},
      {rs256(R"(,"kid":"new")", rsa_key()), "unknown_key"},
      {rs256(R"(,"kid":"")", rsa_key()), "unknown_key"},
      {rs256(R"(,"kid":"RSA")", rsa_key()), "unknown_key"},
      {rs256(R"(,"kid":"../../rsa")", rsa_key()), "unknown_key"},
      {rs256(R"(,"kid":"rsa' OR '1'='1")", rsa_key()), "unknown_key"},
      {rs256(R"(,"kid":"https://evil.example/k")", other_rsa_key()), "unknown_key"},
      // The name of a key for something else.
      {rs256(R"(,"kid":"ec")", rsa_key()), "unfit_key"},
      {token(R"({"alg":"ES256","kid":"rsa"})", kClaims, p256_key(), Algorithm::es256), "unfit_key"},
      // A header that says another algorithm than what was done.
      {token(R"({"alg":"RS512","kid":"rsa"})", kClaims, rsa_key(), Algorithm::rs256),
       "bad_signature"},
      {token(R"({"alg":"PS256","kid":"rsa"})", kClaims, rsa_key(), Algorithm::rs256),
       "bad_signature"},
      {token(R"({"alg":"RS256","kid":"rsa"})", kClaims, rsa_key(), Algorithm::ps256),
       "bad_signature"},
      {token(R"({"alg":"EdDSA"})", kClaims, crypto::SigningKey::ed25519(), Algorithm::eddsa),
       "unknown_key"},
      // ECDSA as DER, and of zeros.
      {token_with(R"({"alg":"ES256","kid":"ec"})", kClaims,
                  p256_key().sign_as_openssl_does(
                      Algorithm::es256, signing_input(R"({"alg":"ES256","kid":"ec"})", kClaims))),
       "bad_signature"},
      {token_with(R"({"alg":"ES256","kid":"ec"})", kClaims, std::string(64, '\0')),
       "bad_signature"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(row.compact, keys), row.error) << row.compact;
}

TEST(Verify, NeverUsesAPublicKeyAsASecret) {
  const KeySet keys = trusted();
  for (const std::string& secret :
       {rsa_key().pem(), rsa_key().modulus(), rsa_key().jwk(), p256_key().pem(), std::string()}) {
    for (const std::string_view alg : {"HS256", "RS256", "ES256"}) {
      const std::string header = R"({"alg":")" + std::string(alg) + "\"}";
      const auto mac =
          crypto::HmacSha256(std::string_view(secret)).of(signing_input(header, kClaims));
      const std::string signature(reinterpret_cast<const char*>(mac.data()), mac.size());
      EXPECT_EQ(outcome(token_with(header, kClaims, signature), keys),
                alg == "HS256" ? "algorithm_refused" : "bad_signature");
    }
  }
}

TEST(Verify, NeverUsesKeysOfTheHeader) {
  const KeySet keys = trusted();
  const std::string jwk = other_rsa_key().jwk(R"("kid":"rsa")");
  for (const std::string& brought :
       {R"("jwk":)" + jwk, std::string(R"("jku":"https://evil.example/jwks.json")"),
        std::string(R"("x5u":"https://evil.example/cert.pem")"), std::string(R"("x5c":["MIIB"])"),
        std::string(R"("x5t":"AAAA")"), R"("keys":[)" + jwk + "]"}) {
    const std::string named = R"({"alg":"RS256","kid":"rsa",)" + brought + "}";
    const std::string nameless = R"({"alg":"RS256",)" + brought + "}";
    for (const std::string& header : {named, nameless}) {
      EXPECT_EQ(outcome(token(header, kClaims, other_rsa_key(), Algorithm::rs256), keys),
                "bad_signature")
          << header;
      // Nor do they do harm: honest issuers send them.
      EXPECT_EQ(outcome(token(header, kClaims, rsa_key(), Algorithm::rs256), keys), "verified");
    }
  }
}

TEST(Verify, ChangedTokensAreRefused) {
  const KeySet keys = trusted();
  const std::string good =
      token(R"({"alg":"ES256","kid":"ec"})", kClaims, p256_key(), Algorithm::es256);
  ASSERT_EQ(outcome(good, keys), "verified");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(outcome(bad, keys), "verified") << i;
    EXPECT_NE(outcome(good.substr(0, i), keys), "verified") << i;
  }
  // Parts of two good tokens.
  const std::string other =
      token(R"({"alg":"ES256","kid":"ec"})", R"({"sub":"eve"})", p256_key(), Algorithm::es256);
  EXPECT_EQ(outcome(good.substr(0, good.rfind('.')) + other.substr(other.rfind('.')), keys),
            "bad_signature");
}

TEST(Verify, RotatedKeys) {
  const std::string by_old =
      token(R"({"alg":"RS256","kid":"k"})", kClaims, rsa_key(), Algorithm::rs256);
  const std::string by_new =
      token(R"({"alg":"RS256","kid":"k"})", kClaims, other_rsa_key(), Algorithm::rs256);
  // Both under the same name while they change over.
  const KeySet both = key_set({rsa_key().jwk(R"("kid":"k")"), other_rsa_key().jwk(R"("kid":"k")")});
  EXPECT_EQ(outcome(by_old, both), "verified");
  EXPECT_EQ(outcome(by_new, both), "verified");
  // The new one instead of the old one.
  const KeySet only_new = key_set({other_rsa_key().jwk(R"("kid":"k")")});
  EXPECT_EQ(outcome(by_old, only_new), "bad_signature");
  EXPECT_EQ(outcome(by_new, only_new), "verified");
}

TEST(Verify, KeysAreOnlyForWhatTheySay) {
  const std::string ps256 =
      token(R"({"alg":"PS256","kid":"k"})", kClaims, rsa_key(), Algorithm::ps256);
  EXPECT_EQ(outcome(ps256, key_set({rsa_key().jwk(R"("kid":"k","alg":"PS256")")})), "verified");
  EXPECT_EQ(outcome(ps256, key_set({rsa_key().jwk(R"("kid":"k","alg":"RS256")")})), "unfit_key");
  const std::string other = p256_key().jwk(R"("kid":"other")");
  EXPECT_EQ(outcome(ps256, key_set({rsa_key().jwk(R"("kid":"k","use":"enc")"), other})),
            "unknown_key");
  EXPECT_EQ(outcome(ps256, key_set({rsa_key().jwk(R"("kid":"k","key_ops":["sign"])"), other})),
            "unknown_key");
}

TEST(Verify, ANestedTokenHasNoClaims) {
  const std::string inner = token(R"({"alg":"RS256"})", kClaims, rsa_key(), Algorithm::rs256);
  const auto jws =
      parse_jws(token(R"({"alg":"RS256","cty":"JWT"})", inner, rsa_key(), Algorithm::rs256));
  ASSERT_TRUE(jws);
  EXPECT_TRUE(verify(*jws, trusted(), kAllAlgorithms));
  const auto claims = Claims::parse(jws->payload);
  ASSERT_FALSE(claims);
  EXPECT_EQ(claims.error(), ClaimsError::malformed);
}

}  // namespace
}  // namespace signet::identity
