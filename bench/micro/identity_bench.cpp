#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "access/rules.h"
#include "crypto/random.h"
#include "identity/session_cookie.h"

// What it costs to know who asks, and whether they may.
namespace {

using namespace signet;

identity::Session session_with(std::int64_t groups) {
  identity::Session session;
  session.person.id = "ada@example.com";
  session.person.name = "Ada Lovelace";
  for (std::int64_t i = 0; i < groups; ++i)
    session.person.groups.push_back(fmt::format("group-{:04}", i));
  session.provider = "corp";
  session.subject = "00u1a2b3c4d5e6f7g8h9";
  session.provider_session = "5f2b3c4d";
  session.signed_in_at = session.began_at = session.seen_at = 1'795'000'000;
  return session;
}

// The argument: how many groups the person has.
void open_a_session(benchmark::State& state) {
  crypto::SystemRandom random;
  const std::vector<std::string> keys{std::string(32, 'k')};
  identity::SessionSealer sealer(keys, "mlflow.example.com", random);
  const std::string sealed = sealer.seal(session_with(state.range(0)));
  for (auto _ : state) {
    auto opened = sealer.open(sealed);
    benchmark::DoNotOptimize(opened);
  }
}
BENCHMARK(open_a_session)->Arg(0)->Arg(5)->Arg(20)->Arg(100);

// The arguments: how many rules there are, and how many groups the person has.
void decide(benchmark::State& state) {
  config::Access access;
  std::vector<config::App> apps(3);
  apps[0].name = "research";
  apps[1].name = "sandbox";
  apps[2].name = "legacy";
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    config::Rule rule;
    rule.subjects.groups = {fmt::format("group-{:04}", i)};
    rule.apps = {"*"};
    rule.permission = config::Permission::read;
    access.rules.push_back(rule);
  }
  const access::Rules rules(access, apps, false);
  const identity::Session session = session_with(state.range(1));
  const access::Subject subject{session.person.id, session.person.groups};
  for (auto _ : state) {
    auto decision = rules.decide(subject, 1, access::Class::read);
    benchmark::DoNotOptimize(decision);
  }
}
BENCHMARK(decide)->Args({1, 5})->Args({10'000, 5})->Args({10'000, 20});

}  // namespace

BENCHMARK_MAIN();
