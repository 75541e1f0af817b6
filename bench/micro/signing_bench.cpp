#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "signing/payload_hash.h"
#include "signing/request_signer.h"

namespace signet::signing {
namespace {

const std::vector<SignedHeader> kHeaders{
    {"host", "mlflow.sagemaker.eu-west-1.app.aws"},
    {"user-agent", "mlflow-python-client/3.10.1"},
    {"accept", "*/*"},
    {"content-type", "application/json"},
    {"content-length", "1024"},
    {kAppArnHeader, "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"},
};
const HowToSign kSageMaker = how_to_sign("sagemaker", "eu-west-1");

AccessKey key(int person) {
  return {"ASIAEXAMPLE" + std::to_string(person), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
          std::string(900, 't')};
}

Outbound request() {
  return {"POST", "/api/2.0/mlflow/runs/log-batch", "", kHeaders, kEmptyPayload};
}

// One signature of the gateway, the signing key cached: what every request pays.
void sign_with_cached_key(benchmark::State& state) {
  RequestSigner signer;
  const AccessKey access_key = key(0);
  const Outbound outbound = request();
  for (auto _ : state) {
    benchmark::DoNotOptimize(signer.sign(outbound, access_key, kSageMaker, 1440938160).data());
  }
}
BENCHMARK(sign_with_cached_key);

void sign_with_query(benchmark::State& state) {
  RequestSigner signer;
  const AccessKey access_key = key(0);
  Outbound outbound = request();
  outbound.method = "GET";
  outbound.path = "/api/2.0/mlflow/experiments/get-by-name";
  outbound.query = "experiment_name=team-a%2Fchurn%20model&max_results=100&order_by=start_time";
  for (auto _ : state) {
    benchmark::DoNotOptimize(signer.sign(outbound, access_key, kSageMaker, 1440938160).data());
  }
}
BENCHMARK(sign_with_query);

// A new day at every request, so that the key is derived each time: what the first request of a
// person pays.
void sign_with_derivation(benchmark::State& state) {
  RequestSigner signer;
  const AccessKey access_key = key(0);
  const Outbound outbound = request();
  std::int64_t now = 1440938160;
  for (auto _ : state) {
    benchmark::DoNotOptimize(signer.sign(outbound, access_key, kSageMaker, now).data());
    now += 86400;
  }
}
BENCHMARK(sign_with_derivation);

void hash_payload(benchmark::State& state) {
  PayloadHash hash;
  const std::string body(static_cast<std::size_t>(state.range(0)), 'b');
  for (auto _ : state) {
    hash.update(body);
    benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_payload)->Arg(0)->Arg(1024)->Arg(16 * 1024)->Arg(100 * 1024)->Arg(1024 * 1024);

}  // namespace
}  // namespace signet::signing

BENCHMARK_MAIN();
