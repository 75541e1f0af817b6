#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "gateway/exchange.h"
#include "gateway/identity_desk.h"
#include "gateway/text.h"
#include "identity/authorization.h"
#include "identity/form.h"
#include "identity/kept_tokens.h"
#include "identity/return_path.h"

// The part of Exchange that finds out who asks, and whether they may.
namespace signet::gateway {

using http::FieldId;

namespace {

// How long a request waits for an issuer's newest keys.
constexpr runtime::Duration kKeyPatience = std::chrono::seconds(3);
constexpr runtime::Duration kBetweenWarnings = std::chrono::seconds(10);
// Of an audit line's event, means, class, refusal and request id.
constexpr std::size_t kOtherAuditTexts = 192;
// All texts of such a line: the path, the person, the session, whom a provider signed out.
constexpr std::size_t kLongestSignInLine = 4096;

Refused cannot_audit() {
  Refused refused(watch::Refusal::cannot_audit, 503, "TEMPORARILY_UNAVAILABLE",
                  "The gateway cannot record who changes something, so nothing is changed.");
  refused.detail = "the audit log has no room, or its file is failing";
  refused.retry_after = 5;
  return refused;
}

// What the caller is told of a decision against them: what they have, and what it takes.
std::string why_not(const access::Decision& decision, const config::App& app,
                    std::string_view operation) {
  const std::string_view has = config::to_string(decision.has);
  const std::string_view needs = config::to_string(decision.needs);
  switch (decision.reason) {
    case access::Reason::not_admin: return fmt::format("{} is for administrators.", operation);
    case access::Reason::token_app: return fmt::format("The token is not for app {}.", app.name);
    case access::Reason::token_too_little:
      return fmt::format("The token gives {} on app {}; {} takes {}.", has, app.name, operation,
                         decision.needs == config::Permission::none ? "an administrator" : needs);
    case access::Reason::no_rule:
    case access::Reason::forbidden:
      return fmt::format("You have no permission on app {}; {} takes {}.", app.name, operation,
                         needs);
    default:
      return fmt::format("You have {} on app {}; {} takes {}.", has, app.name, operation, needs);
  }
}

}  // namespace

// Of a navigation the portal's door is the answer: it signs in and leads back here. A fragment
// stays with the browser over redirects.
Refused Exchange::unauthenticated(std::string_view message, std::string detail) const {
  Refused refused(watch::Refusal::unauthenticated, 401, "UNAUTHENTICATED", message);
  refused.detail = std::move(detail);
  if (at_->sessions() == nullptr || host_->app != nullptr) return refused;
  const http::Target& target = request_.head.target;
  std::string here(target.path);
  if (target.has_query) here += fmt::format("?{}", target.query);
  std::string door = "/app/sign-in?return=";
  identity::append_form_encoded(door, identity::safe_return_path(here).value_or("/app"));
  refused.door = on_public_host(door);
  return refused;
}

Refused no_csrf_token() {
  Refused refused(watch::Refusal::cross_site, 403, "PERMISSION_DENIED",
                  "The request does not repeat the token of its session: load the page anew.");
  refused.detail = "X-Signet-Csrf is missing, repeated, or of another session";
  return refused;
}

// Recognise: who asks. Nobody needs to be known for the portal's files, which are the same for
// everybody. A token counts before a session: whoever sends one means it.
runtime::Task<Exchange::Refusal> Exchange::recognise() {
  if (route_.place != Place::app && route_.place != Place::portal_api) co_return std::nullopt;
  if (route_.place == Place::portal_api && is_public_api()) co_return std::nullopt;
  auto token = identity::presented_token(request_.head.fields);
  if (!token) {
    co_return unauthenticated("The Authorization of the request cannot be used.",
                              std::string(describe(token.error())));
  }
  if (*token) co_return co_await recognise_token(std::move(**token));
  if (at_->load_balancer() != nullptr && is_from_trusted_proxy()) {
    Refusal refusal = co_await recognise_by_load_balancer();
    if (refusal || person_ != nullptr) co_return refusal;
  }
  if (at_->sessions() != nullptr) co_return co_await recognise_session();
  co_return unauthenticated("Callers are known by a token here: send one.",
                            "no credential was sent");
}

// A load balancer is one of the trusted proxies: from anybody else its fields are nothing.
bool Exchange::is_from_trusted_proxy() const {
  return std::ranges::any_of(at_->site().config().trusted_proxies, [&](const config::Cidr& block) {
    return block.contains(request_.peer);
  });
}

runtime::Task<Exchange::Refusal> Exchange::recognise_by_load_balancer() {
  identity::LoadBalancerIdentity& balancer = *at_->load_balancer();
  const http::Fields& fields = request_.head.fields;
  const auto now = [this] { return worker_.loop.clock().unix_seconds(); };
  auto person = balancer.recognise(fields, now());
  // At most a key of the load balancer's and then one of the issuer's.
  for (int tries = 0; !person && tries < 2; ++tries) {
    const runtime::Time deadline = runtime::after(worker_.loop.now(), kKeyPatience);
    identity::LoadBalancerRejection& why = person.error();
    bool renewed = false;
    if (!why.renew_key.empty()) {
      auto renewing = worker_.load_balancer_keys->renew(std::move(why.renew_key), deadline);
      renewed = co_await std::move(renewing);
    } else if (!why.renew_issuer.empty()) {
      auto renewing = worker_.key_book->renew(std::move(why.renew_issuer), deadline);
      renewed = co_await std::move(renewing);
    }
    if (!renewed) break;
    person = balancer.recognise(fields, now());
  }
  if (!person) {
    co_return unauthenticated("What the load balancer says is not valid here.",
                              std::move(person.error().detail));
  }
  // It said nothing: they may have a session of their own.
  if (*person == nullptr) co_return std::nullopt;
  // The load balancer's cookie comes along by itself, and there is none of ours to repeat. Browsers
  // name the origin of whatever changes something; check_address() has seen that it is ours.
  if (!http::is_safe(request_.head.method) && !fields.has(FieldId::origin) &&
      !fields.has(FieldId::sec_fetch_site)) {
    Refused refused(watch::Refusal::cross_site, 403, "PERMISSION_DENIED",
                    "The request does not say which page it comes from.");
    refused.detail = "neither Origin nor Sec-Fetch-Site, behind a load balancer that signs in";
    co_return refused;
  }
  person_ = std::move(*person);
  recognised_by_ = identity::Means::load_balancer;
  means_ = "load-balancer";
  co_return std::nullopt;
}

// A token of our own making. One that is not known while the store cannot be read may be good all
// the same: then nobody can say.
Exchange::Refusal Exchange::recognise_own_token(std::string_view secret) {
  if (Refusal stale = store_is_stale()) return stale;
  auto known = worker_.own_tokens.recognise(secret, worker_.store->snapshot());
  if (!known) {
    if (known.error().problem == identity::TokenProblem::unknown &&
        worker_.store->stale_for() > runtime::Duration::zero()) {
      Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                      "The gateway cannot look this token up just now.");
      refused.detail = "the store cannot be read, and the token is not known";
      refused.retry_after = 5;
      return refused;
    }
    return unauthenticated("The token is not valid here.", std::move(known.error().detail));
  }
  worker_.store->note_used(*known->token);
  person_ = std::move(known->person);
  token_ = std::move(known->token);
  store_version_ = worker_.store->snapshot().version;
  recognised_by_ = identity::Means::token;
  means_ = concat(request_.arena, {"token ", token_->id});
  return std::nullopt;
}

runtime::Task<Exchange::Refusal> Exchange::recognise_token(std::string token) {
  if (token.starts_with(identity::kSecretPrefix)) co_return recognise_own_token(token);
  auto person = at_->bearer().recognise(token);
  if (!person && !person.error().renew.empty()) {
    auto renewing = worker_.key_book->renew(person.error().renew,
                                            runtime::after(worker_.loop.now(), kKeyPatience));
    if (co_await std::move(renewing)) person = at_->bearer().recognise(token);
  }
  if (!person) {
    co_return unauthenticated("The token is not valid here.", std::move(person.error().detail));
  }
  person_ = std::move(*person);
  recognised_by_ = identity::Means::bearer;
  means_ = "bearer";
  co_return std::nullopt;
}

// A browser's session: it is asked for again at its provider now and then, its cookie is made anew
// while it is used, and what changes something must repeat its CSRF token.
runtime::Task<Exchange::Refusal> Exchange::recognise_session() {
  identity::Sessions& sessions = *at_->sessions();
  const std::int64_t now = worker_.loop.clock().unix_seconds();
  if (Refusal stale = store_is_stale()) co_return stale;
  auto opened = sessions.open(request_.head.fields, worker_.store->snapshot(), now);
  if (!opened) {
    co_return unauthenticated("The session has ended: sign in again.", std::string(opened.error()));
  }
  if (*opened == nullptr) {
    co_return unauthenticated("Sign in, or send a token.", "no credential was sent");
  }
  std::shared_ptr<const identity::Session> session = std::move(*opened);
  if (!http::is_safe(request_.head.method) &&
      !sessions.has_csrf_token(request_.head.fields, *session)) {
    co_return no_csrf_token();
  }
  // What the portal asks by itself every half minute is no sign of anybody being there.
  bool changed = sessions.is_due(*session, now) &&
                 (route_.place == Place::app || !http::is_safe(request_.head.method));
  if (changed) {
    identity::Session seen = *session;
    seen.seen_at = now;
    session = std::make_shared<const identity::Session>(std::move(seen));
  }
  if (sessions.wants_renewal(*session, now)) {
    IdentityDesk& desk = *worker_.desk;
    auto work = [&desk, config = at_->shared_config(), session] {
      return desk.renewal().renew(config, *session);
    };
    auto calling = desk.call<identity::Renewal::Result>(worker_.loop, std::move(work));
    auto result = co_await std::move(calling);
    if (result && result->outcome == identity::Renewal::Outcome::ended) {
      cookies_ = sessions.clear_cookies();
      co_return unauthenticated("The session has ended: sign in again.", std::move(result->detail));
    }
    if (result && result->outcome == identity::Renewal::Outcome::renewed) {
      session = std::make_shared<const identity::Session>(std::move(result->session));
      changed = true;
    }
    if (!result || !result->detail.empty()) {
      tell_renewal_failed(result ? result->detail : "the home loop does not answer");
    }
    // A provider may take seconds to answer, and the session may have been revoked by then.
    if (identity::is_revoked(*session, worker_.store->snapshot())) {
      cookies_ = sessions.clear_cookies();
      co_return unauthenticated("The session has ended: sign in again.",
                                "the session was revoked while it was renewed");
    }
  }
  // What caches may keep is no place for a cookie.
  const bool may_be_kept =
      route_.place == Place::app && answer_kind(route_) == AnswerKind::static_file;
  if (changed && !may_be_kept) cookies_ = sessions.set_cookies(*session, request_.head.fields);
  adopt(std::move(session));
  co_return std::nullopt;
}

// The session goes on; an operator must see that nobody vouches for it. Once in a while, since each
// request of the next minute finds the same.
void Exchange::tell_renewal_failed(std::string_view why) {
  const runtime::Time now = worker_.loop.now();
  if (now < worker_.next_renewal_warning) return;
  worker_.next_renewal_warning = runtime::after(now, kBetweenWarnings);
  worker_.shared.log.warning("session-not-renewed", {{"why", why}});
}

// With the store unreadable for long, nobody knows any more what was revoked (design §1.6).
Exchange::Refusal Exchange::store_is_stale() const {
  if (worker_.store->stale_for() <= at_->site().config().state.max_stale) return std::nullopt;
  Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                  "The gateway cannot tell who is still signed in.");
  refused.detail = "the store cannot be read for longer than state.max_stale";
  refused.retry_after = 5;
  return refused;
}

// Engine rule 10: a body may take minutes to arrive, and who sent it may be signed out by then.
Exchange::Refusal Exchange::check_revocation() const {
  if (session_ == nullptr && token_ == nullptr) return std::nullopt;
  const state::Snapshot& snapshot = worker_.store->snapshot();
  if (snapshot.version == store_version_) return std::nullopt;
  if (session_ != nullptr && identity::is_revoked(*session_, snapshot)) {
    return unauthenticated("The session has ended: sign in again.",
                           "the session was revoked while the body arrived");
  }
  if (token_ == nullptr) return std::nullopt;
  const state::Token* token = snapshot.find_token(token_->hash);
  if (token != nullptr &&
      identity::check_token(*token, snapshot, worker_.loop.clock().unix_seconds())) {
    return std::nullopt;
  }
  return unauthenticated("The token is not valid here.", "the token ended while the body arrived");
}

void Exchange::adopt(std::shared_ptr<const identity::Session> session) {
  session_ = std::move(session);
  person_ = {session_, &session_->person};
  means_ = concat(request_.arena, {"session ", identity::session_name(session_->id)});
  store_version_ = worker_.store->snapshot().version;
}

// Room in the audit log for what signing in and out leaves there.
Exchange::Refusal Exchange::reserve_audit_line() {
  if (auto place = worker_.audit_log.reserve(kLongestSignInLine)) {
    audit_place_.emplace(std::move(*place));
    return std::nullopt;
  }
  return cannot_audit();
}

// What is not a read is done only when there is room to say so afterwards.
Exchange::Refusal Exchange::reserve_audit() {
  const access::Class kind = route_.operation->access;
  const bool reads = kind == access::Class::read || kind == access::Class::public_ ||
                     kind == access::Class::admin_read;
  if (reads || !is_audited()) return std::nullopt;
  const std::size_t texts = request_.head.target.path.size() + request_.head.target.query.size() +
                            request_.head.method_name.size() + subject().person.size() +
                            route_.app->name.size() + route_.operation->operation.size() +
                            client_address_.size() + rule_.size() + kOtherAuditTexts;
  if (auto place = worker_.audit_log.reserve(texts)) {
    audit_place_.emplace(std::move(*place));
    return std::nullopt;
  }
  return cannot_audit();
}

access::Subject Exchange::subject() const {
  if (person_ == nullptr) return {"anonymous", {}};
  if (token_ == nullptr) return {person_->id, person_->groups};
  return {person_->id, person_->groups, static_cast<access::Permission>(token_->at_most),
          token_->apps};
}

std::vector<bool> Exchange::visible_apps() const {
  const std::size_t apps = at_->site().config().apps.size();
  std::vector<bool> visible(apps);
  for (std::size_t i = 0; i < apps; ++i) {
    visible[i] = at_->site().rules().standing(subject(), i).has != config::Permission::none;
  }
  return visible;
}

// Decide: may they. Without identity the caller is anonymous and may do everything that the
// endpoint table names.
Exchange::Refusal Exchange::decide() {
  const access::Decision decision =
      at_->site().rules().decide(subject(), at_->index_of(*route_.app), route_.operation->access);
  if (is_audited()) {
    rule_ = decision.rule == access::kNoRule
                ? to_string(decision.reason)
                : request_.arena.copy(fmt::format("access.rules[{}]", decision.rule));
  }
  if (decision.allowed) return reserve_audit();
  std::string why = why_not(decision, *route_.app, route_.operation->operation);
  Refused refused(watch::Refusal::forbidden, 403, "PERMISSION_DENIED", request_.arena.copy(why));
  refused.detail = fmt::format("{} of app {} by {}: {}", route_.operation->operation,
                               route_.app->name, subject().person, to_string(decision.reason));
  if (decision.rule != access::kNoRule) {
    refused.detail += fmt::format(" (access.rules[{}])", decision.rule);
  }
  return refused;
}

}  // namespace signet::gateway
