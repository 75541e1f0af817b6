#include "identity/sign_out.h"

#include <utility>

#include <fmt/format.h>

#include "identity/end_session.h"
#include "identity/kept_tokens.h"
#include "identity/logout_token.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(3);

// Addresses that are longer may not reach the provider.
constexpr std::size_t kLongestHint = 6 << 10;
// Whoever sends tokens of keys that nobody has shall not fill the memory.
constexpr unsigned kMostWaiting = 32;
constexpr std::size_t kMostDone = 10'000;
// Gateways' clocks differ by a minute, and a reload may make sessions last longer.
constexpr std::int64_t kDay = 86'400;

std::int64_t last_of(std::int64_t began_at, const config::Config& config) {
  const auto lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(config.identity.session.lifetime);
  return began_at + lifetime.count() + kDay;
}

LogoutStyle style_of(const config::Provider& provider) {
  return provider.url.host.starts_with("cognito-idp.") ? LogoutStyle::cognito
                                                       : LogoutStyle::rp_initiated;
}

std::unexpected<SignInFailure> failure(SignInError error, std::string detail) {
  return std::unexpected(SignInFailure{error, std::move(detail)});
}

}  // namespace

std::string provider_session_key(std::string_view provider, std::string_view provider_session) {
  return fmt::format("{}\n{}", provider, provider_session);
}

std::string subject_key(std::string_view provider, std::string_view subject) {
  return fmt::format("\n{}\n{}", provider, subject);
}

state::Revocation revocation_of(const Session& session, const config::Config& config,
                                const runtime::Clock& clock) {
  state::Revocation revocation;
  revocation.kind = state::RevocationKind::session;
  revocation.key = session_name(session.id);
  revocation.made_at = clock.unix_seconds();
  revocation.until = last_of(session.began_at, config);
  return revocation;
}

runtime::Task<std::expected<std::string, SignInFailure>> SignOut::end(SharedConfig config,
                                                                      Session session) {
  const std::string name = session_name(session.id);
  auto revoking = parts_.store.revoke(revocation_of(session, *config, parts_.clock));
  if (auto revoked = co_await std::move(revoking); !revoked) {
    co_return failure(SignInError::unavailable,
                      fmt::format("the store is {}", state::to_string(revoked.error())));
  }
  std::string hint;
  auto reading = parts_.store.refresh_token(name);
  if (auto record = co_await std::move(reading)) {
    auto kept = open_tokens(record->sealed, session.id, config->identity.session, parts_.random);
    if (kept && kept->id_token.size() <= kLongestHint) hint = std::move(kept->id_token);
  }
  // What stays there is sealed, and gone with the session's lifetime.
  auto deleting = parts_.store.delete_refresh_token(name);
  (void)co_await std::move(deleting);
  std::string next = config->public_url->text() + "/app/signed-out";
  const config::Provider* provider = config->identity.provider(session.provider);
  if (provider == nullptr) co_return next;
  auto asking = parts_.providers.metadata(*provider, runtime::after(parts_.home.now(), kPatience));
  auto metadata = co_await std::move(asking);
  if (!metadata) co_return next;
  EndSession wanted;
  wanted.client_id = provider->client_id;
  wanted.return_uri = next;
  wanted.id_token_hint = hint;
  auto url = end_session_url(**metadata, style_of(*provider), wanted);
  co_return url ? std::move(*url) : std::move(next);
}

runtime::Task<std::expected<VerifiedLogout, SignInFailure>> SignOut::verify(
    const ProviderMetadata& metadata, const config::Provider& provider,
    const std::string& logout_token) {
  struct Waiting {
    explicit Waiting(unsigned& of) : all(of) { ++all; }
    ~Waiting() { --all; }
    unsigned& all;
  };
  ProviderTokenRules rules;
  rules.issuer = metadata.issuer;
  rules.client_id = provider.client_id;
  rules.algorithms = metadata.id_token_algorithms;
  rules.now = parts_.clock.unix_seconds();
  for (bool asked = false;; asked = true) {
    const auto page = parts_.keys.page();
    const KeyBookPage::Entry* entry = page->find(provider.issuer);
    const auto keys = entry == nullptr ? nullptr : entry->keys;
    const bool is_last = asked || waiting_ >= kMostWaiting;
    if (keys != nullptr) {
      auto checked = check_logout_token(logout_token, *keys, rules);
      if (checked) co_return std::move(*checked);
      const ProviderTokenFailure why = checked.error();
      if (is_last || why.error != ProviderTokenError::unknown_key) {
        co_return failure(SignInError::failed,
                          fmt::format("provider {}: logout token: {}", provider.name, why.detail));
      }
    } else if (is_last) {
      co_return failure(SignInError::unavailable,
                        fmt::format("provider {}: its keys cannot be had", provider.name));
    }
    const Waiting waiting(waiting_);
    auto renewing =
        wait_for_keys(parts_, provider.issuer, keys, runtime::after(parts_.home.now(), kPatience));
    co_await std::move(renewing);
  }
}

runtime::Task<std::expected<std::string, SignInFailure>> SignOut::back_channel(
    SharedConfig config, std::string name, std::string logout_token) {
  const config::Provider* provider = config->identity.provider(name);
  if (provider == nullptr) co_return failure(SignInError::failed, "no provider of that name");
  auto asking = parts_.providers.metadata(*provider, runtime::after(parts_.home.now(), kPatience));
  auto metadata = co_await std::move(asking);
  if (!metadata) {
    co_return failure(SignInError::unavailable,
                      fmt::format("provider {}: {}", name, metadata.error().detail));
  }
  auto verifying = verify(**metadata, *provider, logout_token);
  auto logout = co_await std::move(verifying);
  if (!logout) co_return std::unexpected(std::move(logout.error()));

  state::Revocation revocation;
  revocation.made_at = parts_.clock.unix_seconds();
  revocation.until = last_of(revocation.made_at, *config);
  std::string who;
  if (!logout->session.empty()) {
    revocation.kind = state::RevocationKind::provider_session;
    revocation.key = provider_session_key(name, logout->session);
    who = fmt::format("one session of provider {}", name);
  } else {
    revocation.kind = state::RevocationKind::person;
    revocation.key = subject_key(name, logout->subject);
    who = fmt::format("subject {} of provider {}", logout->subject, name);
  }
  const std::string token_id = fmt::format("{}\n{}", revocation.key, logout->token_id);
  std::erase_if(done_, [&](const auto& each) { return each.second <= revocation.made_at; });
  if (done_.contains(token_id)) co_return who;
  auto revoking = parts_.store.revoke(std::move(revocation));
  if (auto revoked = co_await std::move(revoking); !revoked) {
    co_return failure(SignInError::unavailable,
                      fmt::format("the store is {}", state::to_string(revoked.error())));
  }
  if (done_.size() < kMostDone) done_.emplace(token_id, logout->forget_at);
  co_return who;
}

}  // namespace signet::identity
