#include <utility>

#include <fmt/format.h>

#include "gateway/exchange.h"
#include "identity/authorization.h"

// The part of Exchange that finds out who asks, and whether they may.
namespace signet::gateway {

namespace {

// How long a request waits for an issuer's newest keys.
constexpr runtime::Duration kKeyPatience = std::chrono::seconds(3);
// Of an audit line's event, means, class, refusal and request id.
constexpr std::size_t kOtherAuditTexts = 128;

Refused unauthenticated(std::string_view message, std::string detail = {}) {
  Refused refused(watch::Refusal::unauthenticated, 401, "UNAUTHENTICATED", message);
  refused.detail = std::move(detail);
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

// Recognise: who asks. Nobody needs to be known for the portal's files, which are the same for
// everybody.
runtime::Task<Exchange::Refusal> Exchange::recognise() {
  if (route_.place != Place::app && route_.place != Place::portal_api) co_return std::nullopt;
  auto token = identity::presented_token(request_.head.fields);
  if (!token) {
    co_return unauthenticated("The Authorization of the request cannot be used.",
                              std::string(describe(token.error())));
  }
  if (!*token) {
    co_return unauthenticated("Callers are known by a token here: send one.",
                              "no credential was sent");
  }
  auto person = at_->bearer().recognise(**token);
  if (!person && !person.error().renew.empty()) {
    auto renewing = worker_.key_book->renew(person.error().renew,
                                            runtime::after(worker_.loop.now(), kKeyPatience));
    if (co_await std::move(renewing)) person = at_->bearer().recognise(**token);
  }
  if (!person) {
    co_return unauthenticated("The token is not valid here.", std::move(person.error().detail));
  }
  person_ = std::move(*person);
  co_return std::nullopt;
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
  Refused refused(watch::Refusal::cannot_audit, 503, "TEMPORARILY_UNAVAILABLE",
                  "The gateway cannot record who changes something, so nothing is changed.");
  refused.detail = "the audit log has no room, or its file is failing";
  refused.retry_after = 5;
  return refused;
}

access::Subject Exchange::subject() const {
  if (person_ == nullptr) return {"anonymous", {}};
  return {person_->id, person_->groups};
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
