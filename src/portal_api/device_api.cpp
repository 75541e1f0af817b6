#include "portal_api/device_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/secret.h"
#include "identity/opaque_token.h"
#include "portal_api/answers.h"
#include "portal_api/token_api.h"
#include "portal_api/token_json.h"
#include "portal_api/token_request.h"
#include "portal_api/user_code.h"
#include "watch/json_text.h"

namespace signet::portal_api {

using identity::FormParameter;
using state::DeviceGrant;
using state::GrantStatus;
using state::StoreError;
using state::Token;
using state::TokenKind;

namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::size_t kCodeBytes = 32;
constexpr std::size_t kLongestCode = 128;
constexpr std::size_t kIdBytes = 8;

std::int64_t seconds(runtime::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

bool is_renewal(TokenKind kind) {
  return kind == TokenKind::renewal;
}

// A parameter without a value counts as left out (RFC 6749 §3.2).
std::string_view value_of(const std::vector<FormParameter>& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, &FormParameter::name);
  return found == form.end() ? std::string_view() : std::string_view(found->value);
}

// The form of a call, or the refusal. Parameters that are not known are ignored (RFC 6749 §3.2).
std::expected<std::vector<FormParameter>, ApiAnswer> form_of(const ApiCall& call) {
  if (refuse_unless_body(call, kFormType)) {
    return std::unexpected(
        oauth_error("invalid_request", "a form is expected, of at most 16 KiB, and no query"));
  }
  auto form = identity::parse_form(call.body);
  if (!form) return std::unexpected(oauth_error("invalid_request", "the form cannot be read"));
  return std::move(*form);
}

// "" or why this client is none. `needed`: the client must name itself.
std::optional<ApiAnswer> refuse_client(const std::vector<FormParameter>& form, bool needed) {
  const std::string_view id = value_of(form, "client_id");
  if (id.empty() && needed) return oauth_error("invalid_request", "client_id is missing");
  if (!id.empty() && id != kClientId) {
    return oauth_error("invalid_client", "client_id is to be signet-cli");
  }
  return std::nullopt;
}

// Device codes end in the time at which they do, so that one that is gone from the store can be
// told from one that never was. Nobody relies on it: what is invented is in no store.
std::string new_device_code(crypto::Random& random, std::int64_t expires) {
  std::array<std::byte, kCodeBytes> bytes;
  random.fill(bytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return fmt::format("{}.{}", crypto::base64url(text), expires);
}

bool says_expired(std::string_view code, std::int64_t now) {
  const std::size_t dot = code.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::int64_t expires = 0;
  const char* end = code.data() + code.size();
  const auto [rest, error] = std::from_chars(code.data() + dot + 1, end, expires);
  return error == std::errc() && rest == end && expires > 0 && expires <= now;
}

void append_number(std::string& out, std::string_view name, std::int64_t value) {
  watch::append_json_name(out, name);
  fmt::format_to(std::back_inserter(out), "{}", value);
}

ApiEvent event_of_grant(std::string_view event, const std::string& person,
                        const DeviceGrant& grant) {
  ApiEvent made;
  made.event = event;
  made.person = person;
  made.detail = fmt::format("client_address={} begun_at={}", grant.client_address, grant.made_at);
  return made;
}

ApiAnswer no_such_code() {
  return refused(404, "", "There is no such code. It may have been used, or have expired.",
                 "no grant has this user code");
}

ApiAnswer no_session() {
  return refused(403, "forbidden", "This takes somebody who has signed in with a browser.",
                 "it was asked without a session");
}

}  // namespace

runtime::Task<ApiAnswer> DeviceApi::authorize(const ApiCall& call, const AccountRules& rules) {
  const auto form = form_of(call);
  if (!form) co_return form.error();
  if (auto refusal = refuse_client(*form, true)) co_return std::move(*refusal);
  if (!begun_.take(call.client_address, clock_.monotonic())) {
    ApiAnswer answer = refused(429, "rate-limited", "Too many sign-ins were begun from here.");
    const auto wait = begun_.wait(call.client_address, clock_.monotonic());
    answer.retry_after = static_cast<int>(std::max<std::int64_t>(seconds(wait), 1));
    co_return answer;
  }
  DeviceGrant grant;
  grant.made_at = clock_.unix_seconds();
  grant.expires = grant.made_at + kGrantLifetime;
  grant.client_address = call.client_address;
  std::string code = new_device_code(random_, grant.expires);
  grant.device_hash = crypto::Sha256::of(code);
  // Of a thousand pending codes another one is hit once in 25 million times.
  constexpr int kTries = 3;
  state::Outcome<void> added = std::unexpected(StoreError::conflict);
  for (int i = 0; i < kTries && !added && added.error() == StoreError::conflict; ++i) {
    grant.user_code = new_user_code(random_);
    auto adding = store_.add_device_grant(grant);
    added = co_await std::move(adding);
  }
  if (!added) co_return unavailable(added.error(), "to add a device grant");

  const std::string page = rules.public_url + "/signet/device";
  const std::string user_code = shown(grant.user_code);
  std::string body = "{";
  append_text(body, "device_code", code);
  append_text(body, "user_code", user_code);
  append_text(body, "verification_uri", page);
  append_text(body, "verification_uri_complete", page + "?user_code=" + user_code);
  append_number(body, "expires_in", kGrantLifetime);
  append_number(body, "interval", kPollInterval);
  crypto::wipe(code);
  co_return answered(200, body + "}\n");
}

runtime::Task<ApiAnswer> DeviceApi::token(const ApiCall& call, const AccountRules& rules) {
  const auto form = form_of(call);
  if (!form) co_return form.error();
  const std::string_view type = value_of(*form, "grant_type");
  if (type.empty()) co_return oauth_error("invalid_request", "grant_type is missing");
  const bool renews = type == "refresh_token";
  if (!renews && type != kDeviceGrant) {
    co_return oauth_error("unsupported_grant_type", "grant_type is not one of this address");
  }
  if (auto refusal = refuse_client(*form, !renews)) co_return std::move(*refusal);
  const std::string_view secret = value_of(*form, renews ? "refresh_token" : "device_code");
  if (secret.empty()) {
    co_return oauth_error("invalid_request",
                          renews ? "refresh_token is missing" : "device_code is missing");
  }
  auto giving = renews ? renew(std::string(secret), rules) : poll(std::string(secret), rules);
  co_return co_await std::move(giving);
}

runtime::Task<ApiAnswer> DeviceApi::poll(std::string device_code, const AccountRules& rules) {
  const std::int64_t now = clock_.unix_seconds();
  const bool expired = says_expired(device_code, now);
  const bool too_long = device_code.size() > kLongestCode;
  const crypto::Digest hash = crypto::Sha256::of(device_code);
  crypto::wipe(device_code);
  if (too_long) co_return oauth_error("invalid_grant", "the device code is none of this gateway");
  auto polling = store_.poll_device_grant(hash);
  const auto grant = co_await std::move(polling);
  if (!grant && grant.error() != StoreError::not_found) {
    co_return unavailable(grant.error(), "for a device grant");
  }
  if (!grant) {
    co_return expired ? oauth_error("expired_token", "nobody agreed in time")
                      : oauth_error("invalid_grant", "the device code is not known, or was used");
  }
  if (grant->status == GrantStatus::pending) {
    // Times are whole seconds, and packets are late: a second is given.
    const bool hurries = grant->last_poll != 0 && now - grant->last_poll < kPollInterval - 1;
    co_return hurries ? oauth_error("slow_down", "wait five seconds longer each time")
                      : oauth_error("authorization_pending", "nobody has agreed yet");
  }
  if (grant->status == GrantStatus::denied) {
    co_return oauth_error("access_denied", "the sign-in was denied",
                          fmt::format("{} denied the sign-in on a device", grant->person));
  }
  // When the person agreed is not kept; it was no earlier than this.
  if (store_.snapshot()->is_revoked(state::RevocationKind::person, grant->person, grant->made_at)) {
    co_return oauth_error(
        "access_denied", "the sign-in was denied",
        fmt::format("everything that {} had was revoked since the sign-in began", grant->person));
  }
  Token like;
  like.title = fmt::format("signet-login at {}", grant->client_address);
  like.person = grant->person;
  like.groups = grant->groups;
  like.family = crypto::random_hex(random_, kIdBytes);
  const std::int64_t lifetime = std::min(kSignInLifetime, seconds(rules.max_lifetime));
  Pair pair = new_pair(like, now + lifetime, "token-made");
  auto adding = store_.replace_token("", pair.tokens);
  const auto added = co_await std::move(adding);
  if (!added) co_return unavailable(added.error(), "to add the tokens of a device");
  co_return std::move(pair.answer);
}

DeviceApi::Pair DeviceApi::new_pair(const Token& like, std::int64_t end, std::string_view event) {
  const std::int64_t now = clock_.unix_seconds();
  Pair pair;
  pair.tokens.assign(2, like);
  Token& access = pair.tokens[0];
  Token& renewal = pair.tokens[1];
  access.kind = TokenKind::device;
  access.expires = std::min(now + kAccessLifetime, end);
  renewal.kind = TokenKind::renewal;
  renewal.expires = end;
  std::array<std::string, 2> secrets;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    Token& token = pair.tokens[i];
    secrets[i] = identity::new_secret(random_);
    token.id = crypto::random_hex(random_, kIdBytes);
    token.hash = identity::token_hash(secrets[i]);
    token.made_at = now;
    token.last_used = token.revoked_at = 0;
  }
  std::string body = "{";
  append_text(body, "access_token", secrets[0]);
  append_text(body, "token_type", "Bearer");
  append_number(body, "expires_in", access.expires - now);
  append_text(body, "refresh_token", secrets[1]);
  for (std::string& secret : secrets)
    crypto::wipe(secret);
  pair.answer = answered(200, body + "}\n");
  pair.answer.event = event_about(event, access.person, access);
  return pair;
}

runtime::Task<ApiAnswer> DeviceApi::renew(std::string renewal_token, const AccountRules& rules) {
  const bool well_formed = identity::is_well_formed(renewal_token);
  const crypto::Digest hash = identity::token_hash(renewal_token);
  crypto::wipe(renewal_token);
  const auto snapshot = store_.snapshot();
  const Token* found = well_formed ? snapshot->find_token(hash) : nullptr;
  const std::string_view useless = "the refresh token is not known, was used, or has ended";
  if (found == nullptr && well_formed && store_.stale_for() > runtime::Duration()) {
    co_return unavailable(StoreError::unavailable, "for a renewal token");
  }
  if (found == nullptr) {
    co_return oauth_error("invalid_grant", useless, "the renewal token is not known");
  }
  const Token old = *found;
  if (old.kind != TokenKind::renewal || old.family.empty()) {
    co_return oauth_error("invalid_grant", useless, fmt::format("token {} renews none", old.id));
  }
  const std::int64_t now = clock_.unix_seconds();
  const auto good = identity::check_token(old, *snapshot, now);
  if (!good && good.error() == identity::TokenProblem::revoked) {
    auto ending = end_family(old);
    co_return co_await std::move(ending);
  }
  if (!good) {
    co_return oauth_error(
        "invalid_grant", useless,
        fmt::format("token {} of {}: {}", old.id, old.person, identity::describe(good.error())));
  }
  const auto tokens = snapshot->tokens_of(old.person);
  const auto usable = std::ranges::count_if(tokens, [&](const Token& token) {
    return token.family == old.family && token.kind == TokenKind::device && token.usable(now);
  });
  if (std::cmp_greater_equal(usable, kMostRenewed) || tokens.size() >= kMostKept) {
    ApiAnswer answer = refused(429, "rate-limited", "This sign-in was renewed too often lately.",
                               fmt::format("family {} of {}", old.family, old.person));
    answer.retry_after = 3600;
    co_return answer;
  }
  const std::int64_t end = std::min(old.expires, now + seconds(rules.max_lifetime));
  Pair pair = new_pair(old, end, "token-renewed");
  auto replacing = store_.replace_token(old.id, pair.tokens);
  const auto replaced = co_await std::move(replacing);
  if (replaced) co_return std::move(pair.answer);
  if (replaced.error() != StoreError::conflict) {
    co_return unavailable(replaced.error(), "to renew a token");
  }
  // Somebody else was faster with the same one.
  auto ending = end_family(old);
  co_return co_await std::move(ending);
}

// A renewal token that had been used: nobody can tell the thief from the owner.
runtime::Task<ApiAnswer> DeviceApi::end_family(Token reused) {
  auto ending = store_.revoke_family(reused.family);
  const auto ended = co_await std::move(ending);
  if (!ended && ended.error() != StoreError::not_found) {
    co_return unavailable(ended.error(), "to end a sign-in whose renewal token came twice");
  }
  ApiAnswer answer =
      oauth_error("invalid_grant", "the refresh token is not known, was used, or has ended",
                  fmt::format("token {} of {} had been used or revoked; family {} has ended",
                              reused.id, reused.person, reused.family));
  // Nothing was left of it: it was signed out, and this is only a late device.
  if (!ended) co_return answer;
  answer.event = event_about("token-revoked", reused.person, reused);
  answer.event->detail += " reason=reused";
  co_return answer;
}

// Counts as a wrong code until it turns out to be none.
runtime::Task<state::Outcome<DeviceGrant>> DeviceApi::find(std::string person, std::string code) {
  auto finding = store_.device_grant(std::move(code));
  auto grant = co_await std::move(finding);
  if (grant || grant.error() != StoreError::not_found) wrong_codes_.give_back(person);
  co_return grant;
}

ApiAnswer DeviceApi::too_many_tries(const std::string& person) const {
  ApiAnswer answer = refused(429, "rate-limited", "Too many wrong codes. Wait some minutes.",
                             fmt::format("{} tried too many wrong user codes", person));
  const auto wait = wrong_codes_.wait(person, clock_.monotonic());
  answer.retry_after = static_cast<int>(std::max<std::int64_t>(seconds(wait), 1));
  return answer;
}

runtime::Task<ApiAnswer> DeviceApi::show(const ApiCall& call) {
  const Caller& caller = *call.caller;
  if (caller.means != identity::Means::session) co_return no_session();
  if (auto refusal = refuse_body(call)) co_return std::move(*refusal);
  const auto query = identity::parse_form(call.query);
  if (!query || query->size() != 1 || query->front().name != "user_code") {
    co_return bad_request("This address takes user_code=CODE and nothing else.");
  }
  const auto code = user_code_from(query->front().value);
  if (!code) co_return bad_request("A code has eight letters, none of them a vowel.");
  const std::string& person = caller.person.id;
  if (!wrong_codes_.take(person, clock_.monotonic())) co_return too_many_tries(person);
  auto finding = find(person, *code);
  const auto grant = co_await std::move(finding);
  if (!grant && grant.error() == StoreError::not_found) co_return no_such_code();
  if (!grant) co_return unavailable(grant.error(), "for a device grant");
  std::string body = "{";
  append_text(body, "user_code", shown(grant->user_code));
  append_text(body, "client_address", grant->client_address);
  append_time(body, "made_at", grant->made_at);
  append_time(body, "expires_at", grant->expires);
  append_text(body, "state",
              grant->status == GrantStatus::pending    ? "pending"
              : grant->status == GrantStatus::approved ? "approved"
                                                       : "denied");
  co_return answered(200, body + "}\n");
}

runtime::Task<ApiAnswer> DeviceApi::decide(const ApiCall& call) {
  const Caller& caller = *call.caller;
  const std::int64_t now = clock_.unix_seconds();
  if (auto refusal = refuse_unless_fresh_session(caller, now)) co_return std::move(*refusal);
  if (auto refusal = refuse_unless_body(call, "application/json")) co_return std::move(*refusal);
  const auto decision = read_grant_decision(call.body);
  if (!decision) co_return bad_request(decision.error());
  const auto code = user_code_from(decision->user_code);
  if (!code) co_return bad_request("A code has eight letters, none of them a vowel.");
  const std::string& person = caller.person.id;
  if (!wrong_codes_.take(person, clock_.monotonic())) co_return too_many_tries(person);
  auto finding = find(person, *code);
  const auto grant = co_await std::move(finding);
  if (!grant && grant.error() == StoreError::not_found) co_return no_such_code();
  if (!grant) co_return unavailable(grant.error(), "for a device grant");
  if (decision->approve) {
    auto refusal = refuse_if_too_many(store_.tokens_of(person), is_renewal, 0, now);
    if (refusal) co_return std::move(*refusal);
  }
  const GrantStatus status = decision->approve ? GrantStatus::approved : GrantStatus::denied;
  auto deciding = store_.decide_device_grant(
      *code, status, person, decision->approve ? caller.person.groups : std::vector<std::string>());
  const auto decided = co_await std::move(deciding);
  if (!decided && decided.error() == StoreError::not_found) co_return no_such_code();
  if (!decided && decided.error() == StoreError::conflict) {
    co_return refused(409, "", "This code has been decided already.");
  }
  if (!decided) co_return unavailable(decided.error(), "to decide a device grant");
  ApiAnswer answer = answered(204, "");
  answer.event =
      event_of_grant(decision->approve ? "device-approved" : "device-denied", person, *grant);
  co_return answer;
}

}  // namespace signet::portal_api
