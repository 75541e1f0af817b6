// What a request asks of the store's snapshot: its token by the hash of the secret, and whether its
// session or person is revoked. Target: less than 200 ns each.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "state/snapshot.h"

namespace {

using namespace signet;

constexpr int kRecords = 10'000;

state::Snapshot full_snapshot() {
  state::Snapshot snapshot;
  for (int i = 0; i < kRecords; ++i) {
    state::Token token;
    token.id = std::to_string(i);
    token.hash = crypto::Sha256::of(token.id);
    token.person = "person" + std::to_string(i % 500) + "@example.com";
    snapshot.put(token);
    state::Revocation revocation;
    revocation.kind = static_cast<state::RevocationKind>(i % 3);
    revocation.key = "0123456789abcdef" + std::to_string(i);
    snapshot.put(revocation);
  }
  return snapshot;
}

void find_a_token(benchmark::State& run) {
  const state::Snapshot snapshot = full_snapshot();
  std::vector<crypto::Digest> hashes;
  for (int i = 0; i < kRecords; ++i)
    hashes.push_back(crypto::Sha256::of(std::to_string(i * 7 % kRecords)));
  std::size_t next = 0;
  for (auto _ : run) {
    const state::Token* token = snapshot.find_token(hashes[next]);
    if (token == nullptr) run.SkipWithError("not found");
    benchmark::DoNotOptimize(token);
    next = next + 1 == hashes.size() ? 0 : next + 1;
  }
}
BENCHMARK(find_a_token);

void miss_a_token(benchmark::State& run) {
  const state::Snapshot snapshot = full_snapshot();
  const crypto::Digest hash = crypto::Sha256::of("nobody's");
  for (auto _ : run) {
    const state::Token* token = snapshot.find_token(hash);
    benchmark::DoNotOptimize(token);
  }
}
BENCHMARK(miss_a_token);

void check_revocations(benchmark::State& run) {
  const state::Snapshot snapshot = full_snapshot();
  std::vector<std::string> sessions;
  for (int i = 0; i < 1000; ++i)
    sessions.push_back("fedcba9876543210" + std::to_string(i));
  std::size_t next = 0;
  for (auto _ : run) {
    bool revoked = snapshot.is_revoked(state::RevocationKind::session, sessions[next], 1);
    benchmark::DoNotOptimize(revoked);
    next = next + 1 == sessions.size() ? 0 : next + 1;
  }
}
BENCHMARK(check_revocations);

// What the helper thread does for each change.
void change_one_token(benchmark::State& run) {
  const state::Snapshot snapshot = full_snapshot();
  state::Token token;
  token.hash = crypto::Sha256::of("17");
  for (auto _ : run) {
    state::Snapshot next(snapshot);
    next.put(token);
    benchmark::DoNotOptimize(next);
  }
}
BENCHMARK(change_one_token);

}  // namespace

BENCHMARK_MAIN();
