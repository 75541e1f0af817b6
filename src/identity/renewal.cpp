#include "identity/renewal.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "crypto/hex.h"
#include "identity/kept_tokens.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(5);
constexpr runtime::Duration kLease = std::chrono::seconds(20);
// Browsers go on sending the older cookie with what they had begun; and a provider that is down is
// not asked for every request.
constexpr runtime::Duration kRemembered = std::chrono::minutes(1);

Renewal::Result later(Session session, std::string why) {
  Renewal::Result result;
  result.session = std::move(session);
  result.detail = std::move(why);
  return result;
}

std::int64_t seconds(runtime::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

void Renewal::drop_old() {
  std::erase_if(flights_, [&](const Flight& flight) {
    return flight.done && flight.waiting == 0 &&
           parts_.home.now() - flight.settled_at >= kRemembered;
  });
}

runtime::Task<Renewal::Result> Renewal::renew(SharedConfig config, Session session) {
  drop_old();
  const std::string name = session_name(session.id);
  const auto known = std::ranges::find(flights_, name, &Flight::name);
  if (known != flights_.end()) {
    Flight& flight = *known;
    ++flight.waiting;
    while (!flight.done)
      co_await flight.settled.wait(parts_.home);
    --flight.waiting;
    co_return flight.result;
  }
  Flight& flight = flights_.emplace_back(name);
  auto asking = ask(std::move(config), std::move(session));
  flight.result = co_await std::move(asking);
  flight.done = true;
  flight.settled_at = parts_.home.now();
  flight.settled.wake_all();
  co_return flight.result;
}

runtime::Task<Renewal::Result> Renewal::end(SharedConfig config, Session session, std::string why) {
  state::Revocation revocation;
  revocation.kind = state::RevocationKind::session;
  revocation.key = session_name(session.id);
  revocation.made_at = parts_.clock.unix_seconds();
  revocation.until = session.began_at + seconds(config->identity.session.lifetime);
  auto revoking = parts_.store.revoke(std::move(revocation));
  auto revoked = co_await std::move(revoking);
  auto deleting = parts_.store.delete_refresh_token(session_name(session.id));
  co_await std::move(deleting);
  Result result;
  result.outcome = Outcome::ended;
  result.detail = std::move(why);
  if (!revoked) result.detail += "; the store did not take the revocation";
  result.session = std::move(session);
  co_return result;
}

runtime::Task<Renewal::Result> Renewal::ask(SharedConfig config, Session session) {
  const config::Provider* provider = config->identity.provider(session.provider);
  if (provider == nullptr) {
    auto ending = end(config, std::move(session), "its provider is no longer configured");
    co_return co_await std::move(ending);
  }
  const std::string name = session_name(session.id);
  auto reading = parts_.store.refresh_token(name);
  auto record = co_await std::move(reading);
  if (!record) {
    if (record.error() != state::StoreError::not_found) {
      co_return later(std::move(session), "the store cannot be read");
    }
    auto ending = end(config, std::move(session), "the store has no refresh token for it");
    co_return co_await std::move(ending);
  }
  auto kept = open_tokens(record->sealed, session.id, config->identity.session, parts_.random);
  if (!kept || kept->refresh_token.empty()) {
    auto ending = end(config, std::move(session), "its refresh token cannot be opened");
    co_return co_await std::move(ending);
  }
  auto asking = parts_.providers.metadata(*provider, runtime::after(parts_.home.now(), kPatience));
  auto metadata = co_await std::move(asking);
  if (!metadata) co_return later(std::move(session), std::move(metadata.error().detail));

  std::array<std::byte, 8> bytes;
  parts_.random.fill(bytes);
  const std::string owner = crypto::hex(std::span<const std::byte>(bytes));
  auto leasing = parts_.store.take_lease(name, record->generation, owner, kLease);
  if (auto lease = co_await std::move(leasing); !lease) {
    co_return later(std::move(session), "another gateway is renewing it, or has");
  }
  ClientRegistration client;
  client.id = provider->client_id;
  client.secret = std::string(provider->client_secret.reveal());
  auto request = refresh_request(**metadata, client, kept->refresh_token);
  if (!request) co_return later(std::move(session), std::move(request.error().detail));
  auto fetching = fetch_tokens(parts_.fetcher, std::move(*request), Grant::refresh,
                               runtime::after(parts_.home.now(), kPatience));
  auto tokens = co_await std::move(fetching);
  if (!tokens) {
    std::string why = fmt::format("provider {}: {}", provider->name, tokens.error().detail);
    // Only the provider's own "no" ends somebody's session.
    if (tokens.error().error != TokenError::invalid_grant) {
      co_return later(std::move(session), std::move(why));
    }
    auto ending = end(config, std::move(session), std::move(why));
    co_return co_await std::move(ending);
  }
  // Kept before anything else: the former one may be used up.
  if (!tokens->refresh_token.empty()) kept->refresh_token = std::move(tokens->refresh_token);
  if (!tokens->id_token.empty()) kept->id_token = tokens->id_token;
  auto replacing = parts_.store.replace_refresh_token(
      name, record->generation, owner,
      seal(*kept, session.id, config->identity.session, parts_.random));
  auto replaced = co_await std::move(replacing);

  if (!tokens->id_token.empty()) {
    IdTokenRules rules;
    rules.now = parts_.clock.unix_seconds();
    rules.subject = session.subject;
    rules.access_token = tokens->access_token;
    auto verifying = verify_id_token(parts_, **metadata, *provider, tokens->id_token, rules);
    auto id = co_await std::move(verifying);
    if (!id && id.error().error == SignInError::unavailable) {
      co_return later(std::move(session), std::move(id.error().detail));
    }
    auto person =
        id ? person_of_id_token(id->claims, *provider) : std::unexpected(std::move(id.error()));
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
  session.vouched_at = session.seen_at = parts_.clock.unix_seconds();
  result.session = std::move(session);
  if (!replaced) result.detail = "the store did not take the renewed token";
  co_return result;
}

}  // namespace signet::identity
