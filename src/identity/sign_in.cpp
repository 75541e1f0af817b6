#include "identity/sign_in.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "identity/bearer.h"
#include "identity/kept_tokens.h"

namespace signet::identity {

namespace {

// What somebody waits at the door for each: the metadata, the tokens, newer keys.
constexpr runtime::Duration kPatience = std::chrono::seconds(8);
// For keys that somebody else has asked for.
constexpr runtime::Duration kForOthers = std::chrono::seconds(2);
constexpr runtime::Duration kBetweenLooks = std::chrono::milliseconds(50);

std::unexpected<SignInFailure> failure(SignInError error, std::string detail) {
  return std::unexpected(SignInFailure{error, std::move(detail)});
}

SignInError kind_of(TokenError error) {
  switch (error) {
    case TokenError::unreachable:
    case TokenError::timed_out:
    case TokenError::unavailable: return SignInError::unavailable;
    // A code works once, and not for long.
    case TokenError::invalid_grant: return SignInError::expired;
    default: return SignInError::failed;
  }
}

// Null: none could be had yet.
std::shared_ptr<const KeySet> keys_of(const KeyBookView& keys, std::string_view issuer) {
  const KeyBookPage::Entry* entry = keys.page()->find(issuer);
  return entry == nullptr ? nullptr : entry->keys;
}

// What the provider said, where that is the reason: its error, and its sentence as far as harmless.
std::string words_of(const Callback& callback, CallbackError error) {
  switch (error) {
    case CallbackError::denied:
    case CallbackError::interaction_needed:
    case CallbackError::unavailable:
    case CallbackError::refused: break;
    default: return "";
  }
  if (callback.error_description.empty()) return fmt::format(" ({})", callback.error);
  return fmt::format(" ({}: {})", callback.error, callback.error_description);
}

}  // namespace

std::string_view to_string(SignInError error) {
  switch (error) {
    case SignInError::denied: return "denied";
    case SignInError::unavailable: return "unavailable";
    case SignInError::expired: return "expired";
    case SignInError::not_allowed: return "not_allowed";
    case SignInError::unverified_email: return "unverified_email";
    case SignInError::failed: break;
  }
  return "failed";
}

ClientRegistration registration_of(const config::Provider& provider) {
  ClientRegistration client;
  client.id = provider.client_id;
  client.secret = std::string(provider.client_secret.reveal());
  return client;
}

std::string callback_address(const config::Config& config, std::string_view provider) {
  return fmt::format("{}/signet/callback/{}", config.public_url->text(), provider);
}

std::expected<Person, SignInFailure> person_of_id_token(const Claims& claims,
                                                        const config::Provider& provider) {
  auto person = person_of(claims, provider.claims, provider.require, provider.groups);
  if (!person) {
    return failure(SignInError::not_allowed,
                   fmt::format("provider {}: {}", provider.name, person.error()));
  }
  // Whoever can enter an address of their own choice at the provider is not that person.
  if (provider.claims.person == "email" && !email_of(claims, !provider.unverified_email)) {
    return failure(SignInError::unverified_email,
                   fmt::format("provider {}: the claim email is no address, or email_verified is "
                               "not true",
                               provider.name));
  }
  return std::move(*person);
}

SignInFailure failure_of(CallbackError error) {
  SignInFailure said{SignInError::failed, fmt::format("callback: {}", describe(error))};
  switch (error) {
    case CallbackError::denied:
    case CallbackError::interaction_needed: said.error = SignInError::denied; break;
    case CallbackError::unavailable: said.error = SignInError::unavailable; break;
    case CallbackError::too_old:
    case CallbackError::other_state: said.error = SignInError::expired; break;
    default: break;
  }
  return said;
}

runtime::Task<bool> wait_for_keys(SignInParts& parts, std::string issuer,
                                  std::shared_ptr<const KeySet> known, runtime::Time deadline) {
  auto renewing = parts.keys.renew(issuer, deadline);
  co_await std::move(renewing);
  // What came may be another issuer's, or what somebody else asked for is still on its way.
  const runtime::Time last = std::min(deadline, runtime::after(parts.home.now(), kForOthers));
  while (keys_of(parts.keys, issuer) == known) {
    if (parts.home.now() >= last) co_return false;
    co_await parts.home.sleep_until(runtime::after(parts.home.now(), kBetweenLooks));
  }
  co_return true;
}

runtime::Task<std::expected<VerifiedIdToken, SignInFailure>> verify_id_token(
    SignInParts& parts, const ProviderMetadata& metadata, const config::Provider& provider,
    const std::string& id_token, const IdTokenRules& wanted) {
  IdTokenRules rules = wanted;
  rules.issuer = metadata.issuer;
  rules.client_id = provider.client_id;
  rules.algorithms = metadata.id_token_algorithms;
  for (bool asked = false;; asked = true) {
    // Held over what is awaited below.
    const auto keys = keys_of(parts.keys, provider.issuer);
    if (keys != nullptr) {
      auto verified = check_id_token(id_token, *keys, rules);
      if (verified) co_return std::move(*verified);
      const ProviderTokenFailure why = verified.error();
      const bool may_pass = why.error == ProviderTokenError::unknown_key;
      if (asked || !may_pass) {
        co_return std::unexpected(SignInFailure{
            SignInError::failed,
            fmt::format("provider {}: ID token: {}", provider.name, why.detail), may_pass});
      }
    } else if (asked) {
      co_return failure(SignInError::unavailable,
                        fmt::format("provider {}: its keys cannot be had", provider.name));
    }
    auto waiting =
        wait_for_keys(parts, provider.issuer, keys, runtime::after(parts.home.now(), kPatience));
    co_await std::move(waiting);
  }
}

runtime::Task<std::expected<std::string, SignInFailure>> SignIn::address(SharedConfig config,
                                                                         SignInAttempt attempt,
                                                                         SignInWishes wishes) {
  const config::Provider* provider = config->identity.provider(attempt.provider);
  if (provider == nullptr) co_return failure(SignInError::failed, "no provider of that name");
  auto asking = parts_.providers.metadata(*provider, runtime::after(parts_.home.now(), kPatience));
  auto metadata = co_await std::move(asking);
  if (!metadata) {
    co_return failure(SignInError::unavailable,
                      fmt::format("provider {}: {}", provider->name, metadata.error().detail));
  }
  std::string url =
      authorization_url(**metadata, provider->client_id, callback_address(*config, provider->name),
                        provider->scopes, attempt, wishes);
  // Google gives refresh tokens to those alone who ask in its own words (developers.google.com,
  // "Using OAuth 2.0 for Web Server Applications").
  if (provider->url.host == "accounts.google.com") url += "&access_type=offline";
  co_return url;
}

runtime::Task<std::expected<Session, SignInFailure>> SignIn::finish(SharedConfig config,
                                                                    SignInAttempt attempt,
                                                                    Callback callback) {
  const config::Provider* provider = config->identity.provider(attempt.provider);
  if (provider == nullptr) co_return failure(SignInError::failed, "no provider of that name");
  const auto deadline = [this] { return runtime::after(parts_.home.now(), kPatience); };
  auto asking = parts_.providers.metadata(*provider, deadline());
  auto metadata = co_await std::move(asking);
  if (!metadata) {
    co_return failure(SignInError::unavailable,
                      fmt::format("provider {}: {}", provider->name, metadata.error().detail));
  }
  auto code =
      check_callback(callback, attempt, provider->name, **metadata, parts_.clock.unix_seconds());
  if (!code) {
    SignInFailure why = failure_of(code.error());
    why.detail = fmt::format("provider {}: {}{}", provider->name, why.detail,
                             words_of(callback, code.error()));
    co_return std::unexpected(std::move(why));
  }
  const std::int64_t began_at = parts_.clock.unix_seconds();
  auto request = code_request(**metadata, registration_of(*provider), *code,
                              callback_address(*config, provider->name), attempt.verifier);
  if (!request) {
    co_return failure(kind_of(request.error().error),
                      fmt::format("provider {}: {}", provider->name, request.error().detail));
  }
  auto exchanging = fetch_tokens(parts_.fetcher, std::move(*request), Grant::code, deadline());
  auto tokens = co_await std::move(exchanging);
  if (!tokens) {
    co_return failure(
        kind_of(tokens.error().error),
        fmt::format("provider {}: token endpoint: {}", provider->name, tokens.error().detail));
  }
  IdTokenRules rules;
  rules.now = parts_.clock.unix_seconds();
  rules.nonce = attempt.nonce;
  rules.max_age = attempt.max_age;
  rules.code = *code;
  rules.access_token = tokens->access_token;
  auto verifying = verify_id_token(parts_, **metadata, *provider, tokens->id_token, rules);
  auto id = co_await std::move(verifying);
  if (!id) co_return std::unexpected(std::move(id.error()));
  auto person = person_of_id_token(id->claims, *provider);
  if (!person) co_return std::unexpected(std::move(person.error()));

  Session session;
  parts_.random.fill(session.id);
  session.person = std::move(*person);
  session.provider = provider->name;
  session.subject = std::move(id->subject);
  session.provider_session = std::move(id->session);
  // Without auth_time nobody knows when they last proved who they are: long ago, then.
  session.signed_in_at = id->auth_time.value_or(0);
  session.began_at = session.seen_at = session.vouched_at = began_at;
  const bool for_sign_out = !(*metadata)->end_session_endpoint.empty();
  auto keeping = keep(config, session, std::move(*tokens), for_sign_out);
  if (auto kept = co_await std::move(keeping); !kept) {
    co_return std::unexpected(std::move(kept.error()));
  }
  co_return session;
}

runtime::Task<std::expected<void, SignInFailure>> SignIn::keep(SharedConfig config,
                                                               Session& session, Tokens tokens,
                                                               bool for_sign_out) {
  session.can_refresh = !tokens.refresh_token.empty();
  if (!session.can_refresh && !for_sign_out) co_return std::expected<void, SignInFailure>();
  const config::SessionRules& rules = config->identity.session;
  KeptTokens kept;
  kept.refresh_token = std::move(tokens.refresh_token);
  kept.id_token = std::move(tokens.id_token);
  state::RefreshToken record;
  record.session = session_name(session.id);
  record.sealed = seal(kept, session.id, rules, parts_.random);
  record.generation = 1;
  record.expires =
      session.began_at + std::chrono::duration_cast<std::chrono::seconds>(rules.lifetime).count();
  auto putting = parts_.store.put_refresh_token(std::move(record));
  if (auto put = co_await std::move(putting); !put) {
    co_return failure(SignInError::unavailable,
                      fmt::format("the store is {}", state::to_string(put.error())));
  }
  co_return std::expected<void, SignInFailure>();
}

}  // namespace signet::identity
