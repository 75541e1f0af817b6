#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "access/rules.h"
#include "crypto/random.h"
#include "identity/bearer.h"
#include "identity/kept_tokens.h"
#include "identity/opaque_token.h"
#include "identity/session_cookie.h"
#include "identity/sessions.h"
#include "identity/sign_out.h"
#include "identity/tokens_for_tests.h"

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

// All that a request with a session is asked: a person with five groups, two cookies beside it, and
// so many revocations of others, of all kinds. The argument: how many.
void recognise_a_session(benchmark::State& state) {
  crypto::SystemRandom random;
  config::Config config;
  config.public_url = *config::parse_url("https://mlflow.example.com");
  config.identity.session.keys = {config::Secret(std::string(32, 'k'))};
  config.identity.providers.emplace_back().name = "corp";
  identity::Sessions sessions(config, random);
  const identity::Session session = session_with(5);

  runtime::SystemClock clock;
  runtime::EventLoop loop(clock);
  runtime::Arena arena(loop.blocks());
  http::Fields fields(arena);
  std::string cookies = "theme=dark; consent=2026-01-02T03%3A04%3A05Z";
  for (const std::string& set : sessions.set_cookies(session, fields))
    cookies += "; " + set.substr(0, set.find(';'));
  fields.add("accept", "application/json");
  fields.add("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
  fields.add(http::FieldId::cookie, cookies);

  state::Snapshot snapshot;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    state::Revocation revocation;
    revocation.kind = static_cast<state::RevocationKind>(i % 3);
    revocation.key = fmt::format("{:032x}", i + 1);
    snapshot.put(revocation);
  }
  const std::int64_t now = session.seen_at + 30;
  if (auto opened = sessions.open(fields, snapshot, now); !opened || !*opened) {
    state.SkipWithError("refused");
  }
  for (auto _ : state) {
    auto opened = sessions.open(fields, snapshot, now);
    benchmark::DoNotOptimize(opened);
  }
}
BENCHMARK(recognise_a_session)->Arg(0)->Arg(1)->Arg(10'000);

class Documents final : public http::Fetcher {
 public:
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time) override {
    http::FetchAnswer answer;
    answer.status = 200;
    answer.body = request.url.ends_with("/keys")
                      ? identity::key_set_json({identity::rsa_key().jwk(R"("kid":"1")")})
                      : R"({"issuer": "https://a.example", "jwks_uri": "https://a.example/keys"})";
    co_return answer;
  }
};

class NoObserver final : public identity::KeyBookObserver {
 public:
  void fetched(std::string_view, const identity::KeySet&) override {}
  void failed(std::string_view, const identity::DiscoveryFailure&, bool) override {}
};

// A bearer token of about 1.2 KB that was verified before.
void recognise_a_known_token(benchmark::State& state) {
  runtime::SystemClock clock;
  runtime::EventLoop loop(clock);
  Documents documents;
  NoObserver observer;
  identity::KeyBook book(loop, documents, observer, {}, 1);
  identity::KeyBookView view(book, loop);
  config::Identity who;
  config::BearerIssuer issuer;
  issuer.issuer = "https://a.example";
  issuer.url = *config::parse_url(issuer.issuer);
  issuer.audiences = {"signet"};
  who.bearer.push_back(issuer);
  book.set_issuers({{issuer.issuer, issuer.url}});
  for (int i = 0; i < 10; ++i)
    loop.run_once(runtime::Duration::zero());
  identity::BearerTokens tokens(who, view, clock);
  std::string groups = "\"everyone\"";
  for (int i = 0; i < 20; ++i)
    groups += fmt::format(",\"team-of-people-{}\"", i);
  const std::string payload = fmt::format(
      R"({{"iss":"https://a.example","aud":"signet","sub":"ada","exp":{},"groups":[{}]}})",
      clock.unix_seconds() + 3600, groups);
  const std::string token = identity::token(R"({"alg":"RS256","kid":"1"})", payload,
                                            identity::rsa_key(), identity::Algorithm::rs256);
  if (!tokens.recognise(token)) state.SkipWithError("refused");
  for (auto _ : state)
    benchmark::DoNotOptimize(tokens.recognise(token));
}
BENCHMARK(recognise_a_known_token);

// One of our own among 10 000, of a person with so many groups: known already, and for the first
// time in a version of the snapshot.
void recognise_an_own_token(benchmark::State& state, bool known) {
  runtime::SystemClock clock;
  crypto::SystemRandom random;
  state::Snapshot snapshot;
  std::string secret;
  for (int i = 0; i < 10'000; ++i) {
    secret = identity::new_secret(random);
    state::Token token;
    token.id = fmt::format("{:016x}", i);
    token.hash = identity::token_hash(secret);
    token.person = fmt::format("person{}@example.com", i % 500);
    token.groups = session_with(state.range(0)).person.groups;
    token.made_at = clock.unix_seconds();
    token.expires = token.made_at + 3600;
    snapshot.put(token);
  }
  identity::OpaqueTokens tokens(clock);
  if (!tokens.recognise(secret, snapshot)) state.SkipWithError("refused");
  for (auto _ : state) {
    if (!known) ++snapshot.version;
    auto found = tokens.recognise(secret, snapshot);
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK_CAPTURE(recognise_an_own_token, known, true)->Arg(5)->Arg(100);
BENCHMARK_CAPTURE(recognise_an_own_token, anew, false)->Arg(5)->Arg(100);

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
