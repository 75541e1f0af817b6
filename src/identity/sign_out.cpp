#include "identity/sign_out.h"

#include <utility>

#include <fmt/format.h>

#include "identity/end_session.h"
#include "identity/kept_tokens.h"
#include "identity/logout_token.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kPatience = std::chrono::seconds(3);
// Each is signed by a provider and valid for minutes.
constexpr std::size_t kMostDone = 10'000;

std::int64_t lifetime_of(const config::Config& config) {
  return std::chrono::duration_cast<std::chrono::seconds>(config.identity.session.lifetime).count();
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

runtime::Task<std::expected<std::string, SignInFailure>> SignOut::end(SharedConfig config,
                                                                      Session session) {
  const std::string name = session_name(session.id);
  state::Revocation revocation;
  revocation.kind = state::RevocationKind::session;
  revocation.key = name;
  revocation.made_at = parts_.clock.unix_seconds();
  revocation.until = session.began_at + lifetime_of(*config);
  auto revoking = parts_.store.revoke(std::move(revocation));
  if (auto revoked = co_await std::move(revoking); !revoked) {
    co_return failure(SignInError::unavailable,
                      fmt::format("the store is {}", state::to_string(revoked.error())));
  }
  std::string next = config->public_url->text() + "/app/signed-out";
  const config::Provider* provider = config->identity.provider(session.provider);
  if (provider == nullptr) co_return next;
  std::string hint;
  auto reading = parts_.store.refresh_token(name);
  if (auto record = co_await std::move(reading)) {
    auto kept = open_tokens(record->sealed, session.id, config->identity.session, parts_.random);
    if (kept) hint = std::move(kept->id_token);
  }
  auto deleting = parts_.store.delete_refresh_token(name);
  co_await std::move(deleting);
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
  ProviderTokenRules rules;
  rules.issuer = (*metadata)->issuer;
  rules.client_id = provider->client_id;
  rules.algorithms = (*metadata)->id_token_algorithms;
  rules.now = parts_.clock.unix_seconds();
  std::optional<VerifiedLogout> logout;
  for (bool asked = false; !logout; asked = true) {
    const auto page = parts_.keys.page();
    const KeyBookPage::Entry* entry = page->find(provider->issuer);
    std::string_view why = "its keys cannot be had";
    if (entry != nullptr && entry->keys != nullptr) {
      auto checked = check_logout_token(logout_token, *entry->keys, rules);
      if (checked) {
        logout = std::move(*checked);
        break;
      }
      why = checked.error().detail;
      if (checked.error().error != ProviderTokenError::unknown_key) asked = true;
    }
    if (asked) {
      co_return failure(SignInError::failed,
                        fmt::format("provider {}: logout token: {}", name, why));
    }
    auto renewing =
        parts_.keys.renew(provider->issuer, runtime::after(parts_.home.now(), kPatience));
    co_await std::move(renewing);
  }
  state::Revocation revocation;
  revocation.made_at = parts_.clock.unix_seconds();
  revocation.until = revocation.made_at + lifetime_of(*config);
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
  // Whoever kept a token must not end what began since.
  const std::string token = fmt::format("{}\n{}", name, logout->token_id);
  std::erase_if(done_, [&](const auto& each) { return each.second <= revocation.made_at; });
  if (done_.contains(token)) co_return who;
  auto revoking = parts_.store.revoke(std::move(revocation));
  if (auto revoked = co_await std::move(revoking); !revoked) {
    co_return failure(SignInError::unavailable,
                      fmt::format("the store is {}", state::to_string(revoked.error())));
  }
  if (done_.size() < kMostDone) done_.emplace(token, logout->forget_at);
  co_return who;
}

}  // namespace signet::identity
