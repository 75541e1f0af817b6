#include "identity/jws.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "identity/tokens_for_tests.h"

namespace signet::identity {
namespace {

constexpr std::string_view kClaims = R"({"sub":"ann"})";

// How a token with this header is read; its signature is nonsense.
std::string_view outcome(std::string_view header, const JwsLimits& limits = {}) {
  const auto jws = parse_jws(token_with(header, kClaims, "signature"), limits);
  return jws ? "read" : to_string(jws.error());
}

std::string_view read(std::string_view compact, const JwsLimits& limits = {}) {
  const auto jws = parse_jws(compact, limits);
  return jws ? "read" : to_string(jws.error());
}

TEST(Jws, Reads) {
  const std::string header = R"({"typ":"JWT","alg":"ES256","kid":"a b/c?","x":{"y":[1]}})";
  const std::string compact = token_with(header, kClaims, "signature");
  const auto jws = parse_jws(compact);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->algorithm, Algorithm::es256);
  EXPECT_EQ(jws->type, "JWT");
  EXPECT_EQ(jws->key_id, "a b/c?");
  EXPECT_EQ(jws->payload, kClaims);
  EXPECT_EQ(jws->signature, "signature");
  EXPECT_EQ(jws->signing_input, signing_input(header, kClaims));
  EXPECT_NE(jws->header.find("x"), nullptr);
}

TEST(Jws, EveryAlgorithmHasOneName) {
  for (std::size_t i = 0; i < crypto::kSignatureAlgorithms; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    EXPECT_EQ(parse_algorithm(to_string(algorithm)), algorithm);
    const std::string header = R"({"alg":")" + std::string(to_string(algorithm)) + "\"}";
    EXPECT_EQ(outcome(header), "read");
    EXPECT_EQ(outcome(header, {.algorithms = {}}), "algorithm_refused");
    EXPECT_EQ(outcome(header, {.algorithms = {algorithm}}), "read");
  }
}

TEST(Jws, RefusesHeaders) {
  struct Row {
    std::string header;
    std::string_view error;
  };
  const auto alg = [](std::string_view more) {
    return R"({"alg":"RS256",)" + std::string(more) + "}";
  };
  const std::vector<Row> rows{
      {R"({"alg":"none"})", "algorithm_refused"},
      {R"({"alg":"None"})", "algorithm_refused"},
      {R"({"alg":"NONE"})", "algorithm_refused"},
      {R"({"alg":"nOnE"})", "algorithm_refused"},
      {R"({"alg":""})", "algorithm_refused"},
      {R"({"alg":"HS256"})", "algorithm_refused"},
      {R"({"alg":"HS384"})", "algorithm_refused"},
      {R"({"alg":"HS512"})", "algorithm_refused"},
      {R"({"alg":"hs256"})", "algorithm_refused"},
      {R"({"alg":"rs256"})", "algorithm_refused"},
      {R"({"alg":"RS256 "})", "algorithm_refused"},
      {R"({"alg":"RS256\u0000"})", "algorithm_refused"},
      {R"({"alg":"ES512"})", "algorithm_refused"},
      {R"({"alg":"ES256K"})", "algorithm_refused"},
      {R"({"alg":"RSA1_5"})", "algorithm_refused"},
      {R"({"alg":"RSA-OAEP"})", "algorithm_refused"},
      {R"({"alg":"dir"})", "algorithm_refused"},
      {R"({})", "algorithm_missing"},
      {R"({"ALG":"RS256"})", "algorithm_missing"},
      {R"({"alg":null})", "algorithm_missing"},
      {R"({"alg":["RS256"]})", "algorithm_missing"},
      {R"({"alg":0})", "algorithm_missing"},
      {alg(R"("crit":["exp"])"), "critical"},
      {alg(R"("crit":[])"), "critical"},
      {alg(R"("crit":null)"), "critical"},
      {alg(R"("crit":["b64"],"b64":false)"), "critical"},
      {alg(R"("b64":false)"), "unencoded_payload"},
      {alg(R"("b64":true)"), "unencoded_payload"},
      {alg(R"("typ":1)"), "type_malformed"},
      {alg(R"("typ":"J\nWT")"), "type_malformed"},
      {alg("\"typ\":\"" + std::string(257, 't') + "\""), "type_malformed"},
      {alg(R"("kid":["a"])"), "key_id_malformed"},
      {alg(R"("kid":{"a":1})"), "key_id_malformed"},
      {alg(R"("kid":1)"), "key_id_malformed"},
      {alg(R"("kid":null)"), "key_id_malformed"},
      {alg(R"("kid":"a\u0000b")"), "key_id_malformed"},
      {alg(R"("kid":"a\r\nb")"), "key_id_malformed"},
      {alg("\"kid\":\"\xC3\xA9\""), "key_id_malformed"},
      {alg("\"kid\":\"" + std::string(257, 'k') + "\""), "key_id_malformed"},
      {alg("\"kid\":\"" + std::string(10'240, 'k') + "\""), "key_id_malformed"},
      {alg(R"("alg":"RS256")"), "header_malformed"},
      {alg(R"("\u0061lg":"none")"), "header_malformed"},
      {alg(R"("x":{"a":1,"a":1})"), "header_malformed"},
      {R"(["RS256"])", "header_malformed"},
      {R"("RS256")", "header_malformed"},
      {"alg", "header_malformed"},
      {alg("\"x\":" + std::string(100, '[') + std::string(100, ']')), "header_malformed"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(outcome(row.header), row.error) << row.header;
  // Names of keys are only compared: they may look like anything.
  for (const std::string& name : {std::string("../../../dev/null"), std::string("' OR 1=1 --"),
                                  std::string("https://evil.example/jwks.json"),
                                  std::string("`id`"), std::string(256, 'k'), std::string()}) {
    EXPECT_EQ(outcome(alg("\"kid\":\"" + name + "\"")), "read") << name;
  }
}

TEST(Jws, RefusesOtherSerialisations) {
  const std::string good = token_with(R"({"alg":"RS256"})", kClaims, "signature");
  struct Row {
    std::string compact;
    std::string_view error;
  };
  const std::vector<Row> rows{
      {"", "not_compact"},
      {".", "not_compact"},
      {"..", "not_compact"},
      {"a", "not_compact"},
      {good.substr(0, good.rfind('.')), "not_compact"},
      {good.substr(0, good.rfind('.') + 1), "not_compact"},
      {good.substr(good.find('.')), "not_compact"},
      {crypto::base64url(R"({"alg":"RS256"})") + "..c2ln", "not_compact"},
      {good + ".", "not_compact"},
      {good + ".x", "not_compact"},
      {"." + good, "not_compact"},
      // A JWE, and one that says it is signed (RFC 7516 §7.1).
      {crypto::base64url(R"({"alg":"RSA-OAEP","enc":"A256GCM"})") + ".a.b.c.d", "encrypted"},
      {good + ".a.b", "encrypted"},
      {good + ".a.b.c", "not_compact"},
      // The JSON serialisation (RFC 7515 §7.2).
      {R"({"payload":"e30","protected":"e30","signature":"e30"})", "not_compact"},
      {std::string(16'385, 'a'), "too_large"},
      {good + std::string(1 << 20, 'a'), "too_large"},
      {std::string(16'384, '.'), "not_compact"},
      {" " + good, "not_base64url"},
      {good + "\n", "not_base64url"},
      {"Bearer " + good, "not_base64url"},
      // "none", with no signature at all.
      {signing_input(R"({"alg":"none"})", kClaims) + ".", "algorithm_refused"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(read(row.compact), row.error) << row.compact.substr(0, 100);
  EXPECT_EQ(read(good), "read");
  EXPECT_EQ(read(good, {.bytes = good.size()}), "read");
  EXPECT_EQ(read(good, {.bytes = good.size() - 1}), "too_large");
}

TEST(Jws, EveryTokenHasOneSpelling) {
  // Lengths of 0, 2 and 1 byte modulo 3: no padding, one "=", two.
  const std::string header = R"({"alg":"RS256"})";
  ASSERT_EQ(header.size() % 3, 0U);
  const std::string h = crypto::base64url(header);
  struct Row {
    std::string compact;
    std::string_view unpadded;
    std::string_view padded;
  };
  constexpr std::string_view kBad = "not_base64url";
  const std::vector<Row> rows{
      {h + ".e30.c2ln", "read", kBad},
      {h + ".e30=.c2ln", kBad, "read"},
      {h + ".e30=.c2k=", kBad, "read"},
      {h + ".e30=.cw==", kBad, "read"},
      {h + ".e30.cw", "read", kBad},
      {h + ".e30=.cw=", kBad, kBad},
      {h + ".e30=.cw===", kBad, kBad},
      {h + ".e30=.c2ln=", kBad, kBad},
      {h + ".e30=.c2ln====", kBad, kBad},
      {h + "=.e30=.c2ln", kBad, kBad},
      {h + ".e30=.c=2k", kBad, kBad},
      {h + ".e30=.====", kBad, kBad},
      // Bits that no byte has: another spelling of the same bytes.
      {h + ".e31.c2ln", kBad, kBad},
      {h + ".e30.cx", kBad, kBad},
      {h + ".e30=.cx==", kBad, kBad},
      {h + ".e30.c", kBad, kBad},
      // The other alphabet, white space, foreign characters.
      {h + ".e30.c+/n", kBad, kBad},
      {h + ".e30.c2 ln", kBad, kBad},
      {h + ".e30.c2\nln", kBad, kBad},
      {h + ".e3%30.c2ln", kBad, kBad},
      {h + ".e30.c2l" + std::string(1, '\0'), kBad, kBad},
      {h + ".e30.c2l\xC3\xA9", kBad, kBad},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read(row.compact), row.unpadded) << row.compact;
    EXPECT_EQ(read(row.compact, {.form = Base64Form::padded}), row.padded) << row.compact;
  }
}

TEST(Jws, ALoadBalancersSigningInputIsTheTextAsReceived) {
  const std::string header = R"({"alg":"ES256","kid":"k","signer":"arn:x","exp":1})";
  const std::string input =
      crypto::base64url(header) + "=." + crypto::base64url(R"({"a":1})") + "==";
  ASSERT_EQ(input.find('.') % 4, 0U);
  const std::string signature = p256_key().sign(Algorithm::es256, input);
  const auto jws =
      parse_jws(input + "." + crypto::base64url(signature) + "==", {.form = Base64Form::padded});
  ASSERT_TRUE(jws) << to_string(jws.error());
  EXPECT_EQ(jws->signing_input, input);
  EXPECT_EQ(*jws->header.find("signer")->as<std::string>(), "arn:x");
  EXPECT_TRUE(p256_key().public_key().verify(Algorithm::es256, jws->signing_input, jws->signature));
}

TEST(Jws, TypesAreMediaTypes) {
  struct Row {
    std::string_view type;
    bool same;
  };
  for (const auto& [type, same] :
       {Row{"at+jwt", true}, Row{"AT+JWT", true}, Row{"application/at+jwt", true},
        Row{"Application/At+JWT", true}, Row{"JWT", false}, Row{"", false}, Row{"at+jwt ", false},
        Row{"x/at+jwt", false}, Row{"application/", false}, Row{"logout+jwt", false}}) {
    Jws jws;
    jws.type = type;
    EXPECT_EQ(has_type(jws, "at+jwt"), same) << type;
  }
  EXPECT_FALSE(has_type(Jws(), "at+jwt"));
}

TEST(Jws, ErrorsHaveNamesAndSentences) {
  for (int i = 0; i <= static_cast<int>(JwsError::bad_signature); ++i) {
    EXPECT_NE(to_string(static_cast<JwsError>(i)), "unknown");
    EXPECT_NE(describe(static_cast<JwsError>(i)), "unknown");
  }
}

}  // namespace
}  // namespace signet::identity
