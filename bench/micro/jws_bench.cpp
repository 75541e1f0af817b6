#include <string>

#include <benchmark/benchmark.h>

#include "identity/claims.h"
#include "identity/tokens_for_tests.h"
#include "identity/verify.h"

namespace signet::identity {
namespace {

// About what a company's provider sends: 800 bytes of claims.
std::string payload() {
  std::string text = R"({"iss":"https://login.example.com","aud":"signet","exp":1440941760,)"
                     R"("iat":1440938160,"sub":"00u1a2b3c4d5e6f7g8h9","email":"ann@example.com",)"
                     R"("email_verified":true,"name":"Ann Example","groups":["everyone")";
  for (int i = 0; i < 30; ++i)
    text += ",\"team-of-people-" + std::to_string(i) + '"';
  return text + "]}";
}

struct Issuer {
  KeySet keys;
  std::string compact;
};

Issuer issuer(const crypto::SigningKey& key, Algorithm algorithm) {
  const std::string header =
      R"({"typ":"JWT","kid":"2015-08-30","alg":")" + std::string(to_string(algorithm)) + "\"}";
  return {key_set({key.jwk(R"("kid":"2015-08-30")")}), token(header, payload(), key, algorithm)};
}

// Everything that a bearer token costs when it is seen for the first time.
void verify_token(benchmark::State& state, const crypto::SigningKey& key, Algorithm algorithm) {
  const Issuer from = issuer(key, algorithm);
  const std::vector<std::string> audiences{"signet"};
  for (auto _ : state) {
    const auto jws = parse_jws(from.compact);
    const bool genuine = verify(*jws, from.keys, kAllAlgorithms).has_value();
    const auto claims = Claims::parse(jws->payload);
    const bool fine = genuine && claims->check_times(1440938160, 60) &&
                      claims->check({"https://login.example.com", audiences, "signet"});
    if (!fine) state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(verify_token, rs256, rsa_key(), Algorithm::rs256);
BENCHMARK_CAPTURE(verify_token, ps256, rsa_key(), Algorithm::ps256);
BENCHMARK_CAPTURE(verify_token, es256, p256_key(), Algorithm::es256);
BENCHMARK_CAPTURE(verify_token, eddsa, crypto::SigningKey::ed25519(), Algorithm::eddsa);

// Of that, the signature alone.
void verify_signature(benchmark::State& state, const crypto::SigningKey& key, Algorithm algorithm) {
  const Issuer from = issuer(key, algorithm);
  const Jws jws = parse_jws(from.compact).value();
  for (auto _ : state)
    benchmark::DoNotOptimize(verify(jws, from.keys, kAllAlgorithms).has_value());
}
BENCHMARK_CAPTURE(verify_signature, rs256, rsa_key(), Algorithm::rs256);
BENCHMARK_CAPTURE(verify_signature, es256, p256_key(), Algorithm::es256);

void read_claims(benchmark::State& state) {
  const std::string json = payload();
  for (auto _ : state)
    benchmark::DoNotOptimize(Claims::parse(json).has_value());
}
BENCHMARK(read_claims);

void read_key_set(benchmark::State& state) {
  const std::string json =
      key_set_json({rsa_key().jwk(R"("kid":"a")"), other_rsa_key().jwk(R"("kid":"b")"),
                    p256_key().jwk(R"("kid":"c")")});
  for (auto _ : state)
    benchmark::DoNotOptimize(KeySet::parse(json).has_value());
}
BENCHMARK(read_key_set);

}  // namespace
}  // namespace signet::identity

BENCHMARK_MAIN();
