#include "identity/renewal.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "crypto/random.h"
#include "identity/kept_tokens.h"
#include "identity/sign_out.h"
#include "runtime/race.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(5);
// Of those who ask: a provider that hangs shall not make everybody's pages hang.
constexpr runtime::Duration kWaiting = std::chrono::seconds(6);
// Longer than gateways' clocks differ and a use of the token takes: one whose clock is ahead must
// not take the lease from under another, for providers take a refresh token that comes twice for
// stolen (RFC 9700 §4.14.2).
constexpr runtime::Duration kLease = std::chrono::seconds(90);
// Browsers go on sending the older cookie with what they had begun; and a provider that is down is
// not asked for every request.
constexpr runtime::Duration kRemembered = std::chrono::minutes(1);
constexpr runtime::Duration kBetweenDrops = std::chrono::seconds(10);
constexpr std::int64_t kClockSkew = 60;

Renewal::Result later(Session session, std::string why) {
  Renewal::Result result;
  result.session = std::move(session);
  result.detail = std::move(why);
  return result;
}

std::string why_no_lease(state::StoreError error) {
  if (error == state::StoreError::conflict) return "another gateway is renewing it, or has";
  return fmt::format("the store was asked for the lease: {}", state::to_string(error));
}

// Counts among those who wait as long as it lives.
class Waiting {
 public:
  explicit Waiting(unsigned& all) : all_(all) { ++all_; }
  ~Waiting() { --all_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  unsigned& all_;
};

}  // namespace

// A refresh token that this gateway alone may use for now.
struct Renewal::Leased {
  Leased() = default;
  const config::Provider* provider = nullptr;  // of the configuration at hand
  Providers::Metadata metadata;
  std::string owner;
  std::int64_t generation = 0;
  KeptTokens kept;
};

// Whether what came of a former renewal still answers for this session.
bool Renewal::answers(const Flight& flight, const Session& session) const {
  if (!flight.done) return true;
  if (parts_.home.now() - flight.settled_at >= kRemembered) return false;
  // A cookie as new as the result is due once more: `refresh` may be shorter than a minute. One of
  // the future is of a clock that has gone back since.
  return flight.result.outcome != Outcome::renewed ||
         session.vouched_at < flight.result.session.vouched_at ||
         session.vouched_at > parts_.clock.unix_seconds() + kClockSkew;
}

void Renewal::drop_old() {
  const runtime::Time now = parts_.home.now();
  if (now < next_drop_) return;
  next_drop_ = runtime::after(now, kBetweenDrops);
  std::erase_if(flights_, [&](const auto& entry) {
    const Flight& flight = entry.second;
    return flight.done && flight.waiting == 0 && now - flight.settled_at >= kRemembered;
  });
}

runtime::Task<Renewal::Result> Renewal::renew(SharedConfig config, Session session) {
  drop_old();
  const auto [known, is_first] = flights_.try_emplace(session_name(session.id));
  Flight& flight = known->second;
  const Waiting waiting(flight.waiting);
  if (is_first || !answers(flight, session)) {
    flight.done = false;
    flight.begun = parts_.home.now();
    tasks_.start(fly(std::move(config), session, flight));
  }
  const runtime::Time deadline = runtime::after(flight.begun, kWaiting);
  while (!flight.done && parts_.home.now() < deadline)
    co_await flight.settled.wait(parts_.home, deadline);
  if (!flight.done) co_return later(std::move(session), "asking the provider takes long");
  Result result = flight.result;
  if (result.outcome != Outcome::renewed) result.session = session;
  result.session.seen_at = std::max(result.session.seen_at, session.seen_at);
  co_return result;
}

runtime::Task<void> Renewal::fly(SharedConfig config, Session session, Flight& flight) {
  auto asking = ask(std::move(config), std::move(session));
  flight.result = co_await std::move(asking);
  flight.done = true;
  flight.settled_at = parts_.home.now();
  flight.settled.wake_all();
}

runtime::Task<Renewal::Result> Renewal::ask(SharedConfig config, Session session) {
  Leased leased;
  leased.provider = config->identity.provider(session.provider);
  if (leased.provider == nullptr) {
    auto ending = end(config, std::move(session), "its provider is no longer configured");
    co_return co_await std::move(ending);
  }
  const std::string name = session_name(session.id);
  auto reading = parts_.store.refresh_token(name);
  auto record = co_await std::move(reading);
  if (!record) {
    if (record.error() != state::StoreError::not_found) {
      co_return later(std::move(session), fmt::format("the store cannot be read: {}",
                                                      state::to_string(record.error())));
    }
    auto ending = end(config, std::move(session), "the store has no refresh token for it");
    co_return co_await std::move(ending);
  }
  auto kept = open_tokens(record->sealed, session.id, config->identity.session, parts_.random);
  if (!kept || kept->refresh_token.empty()) {
    auto ending = end(config, std::move(session), "its refresh token cannot be opened");
    co_return co_await std::move(ending);
  }
  leased.kept = std::move(*kept);
  leased.generation = record->generation;
  auto asking =
      parts_.providers.metadata(*leased.provider, runtime::after(parts_.home.now(), kPatience));
  auto metadata = co_await std::move(asking);
  if (!metadata) co_return later(std::move(session), std::move(metadata.error().detail));
  leased.metadata = std::move(*metadata);

  leased.owner = crypto::random_hex(parts_.random, 8);
  auto leasing = parts_.store.take_lease(name, leased.generation, leased.owner, kLease);
  if (auto lease = co_await std::move(leasing); !lease) {
    co_return later(std::move(session), why_no_lease(lease.error()));
  }
  auto using_it = use(config, std::move(session), std::move(leased));
  co_return co_await std::move(using_it);
}

runtime::Task<Renewal::Result> Renewal::use(SharedConfig config, Session session, Leased leased) {
  const config::Provider& provider = *leased.provider;
  auto request =
      refresh_request(*leased.metadata, registration_of(provider), leased.kept.refresh_token);
  if (!request) co_return later(std::move(session), std::move(request.error().detail));
  const runtime::Time deadline = runtime::after(parts_.home.now(), kPatience);
  auto fetching = fetch_tokens(parts_.fetcher, std::move(*request), Grant::refresh, deadline);
  auto fetched = co_await runtime::within(parts_.home, deadline, std::move(fetching));
  if (!fetched) co_return later(std::move(session), "the token endpoint does not answer in time");
  auto& tokens = *fetched;
  if (!tokens) {
    std::string why = fmt::format("provider {}: {}", provider.name, tokens.error().detail);
    // Only the provider's own "no" ends somebody's session.
    if (tokens.error().error != TokenError::invalid_grant) {
      co_return later(std::move(session), std::move(why));
    }
    auto refusing = refused(config, std::move(session), std::move(leased), std::move(why));
    co_return co_await std::move(refusing);
  }
  // Kept before anything else: the former one may be used up.
  KeptTokens& kept = leased.kept;
  if (!tokens->refresh_token.empty()) kept.refresh_token = std::move(tokens->refresh_token);
  if (!tokens->id_token.empty()) kept.id_token = tokens->id_token;
  auto replacing = parts_.store.replace_refresh_token(
      session_name(session.id), leased.generation, leased.owner,
      seal(kept, session.id, config->identity.session, parts_.random));
  const auto replaced = co_await std::move(replacing);

  if (!tokens->id_token.empty()) {
    IdTokenRules rules;
    rules.now = parts_.clock.unix_seconds();
    rules.subject = session.subject;
    rules.access_token = tokens->access_token;
    auto verifying = verify_id_token(parts_, *leased.metadata, provider, tokens->id_token, rules);
    auto id = co_await std::move(verifying);
    if (!id && (id.error().error == SignInError::unavailable || id.error().may_pass)) {
      co_return later(std::move(session), std::move(id.error().detail));
    }
    auto person =
        id ? person_of_id_token(id->claims, provider) : std::unexpected(std::move(id.error()));
    // One cookie for one person: whoever is called otherwise now signs in again.
    if (!person || person->id != session.person.id) {
      std::string why = person ? "the provider names another person" : person.error().detail;
      auto ending = end(config, std::move(session), std::move(why));
      co_return co_await std::move(ending);
    }
    session.person = std::move(*person);
  }
  Result result;
  result.outcome = Outcome::renewed;
  session.vouched_at = parts_.clock.unix_seconds();
  result.session = std::move(session);
  if (!replaced) {
    result.detail =
        fmt::format("the store did not take the new token: {}", state::to_string(replaced.error()));
  }
  co_return result;
}

// The provider does not know the token. When another gateway has put a newer one in its place
// meanwhile, that says nothing of the session.
runtime::Task<Renewal::Result> Renewal::refused(SharedConfig config, Session session, Leased leased,
                                                std::string why) {
  auto reading = parts_.store.refresh_token(session_name(session.id));
  const auto record = co_await std::move(reading);
  if (record && (record->generation != leased.generation || record->lease_owner != leased.owner)) {
    co_return later(std::move(session), "another gateway has renewed it meanwhile");
  }
  auto ending = end(config, std::move(session), std::move(why));
  co_return co_await std::move(ending);
}

runtime::Task<Renewal::Result> Renewal::end(SharedConfig config, Session session, std::string why) {
  auto revoking = parts_.store.revoke(revocation_of(session, *config, parts_.clock));
  const auto revoked = co_await std::move(revoking);
  auto deleting = parts_.store.delete_refresh_token(session_name(session.id));
  (void)co_await std::move(deleting);
  Result result;
  result.outcome = Outcome::ended;
  result.detail = std::move(why);
  if (!revoked) result.detail += "; the store did not take the revocation";
  result.session = std::move(session);
  co_return result;
}

}  // namespace signet::identity
