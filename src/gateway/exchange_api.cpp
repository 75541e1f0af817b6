#include <algorithm>
#include <utility>

#include "gateway/exchange.h"
#include "gateway/identity_desk.h"
#include "portal_api/me.h"

// The part of Exchange that answers /signet/api/v1.
namespace signet::gateway {

using http::FieldId;
using http::Method;
using watch::Outcome;

namespace {

constexpr std::string_view kPrefix = "/signet/api/v1";

// What the metrics and the logs call a refusal of the API.
watch::Refusal refusal_named(std::string_view name) {
  const auto found = std::ranges::find(watch::kRefusalTexts, name);
  if (found == watch::kRefusalTexts.end()) return watch::Refusal::forbidden;
  return static_cast<watch::Refusal>(found - watch::kRefusalTexts.begin());
}

}  // namespace

// Whether nobody needs to be known for the path.
bool Exchange::is_public_api() const {
  const std::string_view below = route_.path.substr(kPrefix.size());
  return below == "/sign-in" || IdentityDesk::answers_everybody(below);
}

// Who asks, for those answers that need to know it.
std::optional<portal_api::Caller> Exchange::caller() const {
  if (person_ == nullptr) return std::nullopt;
  portal_api::Caller caller;
  caller.person = *person_;
  caller.is_admin = at_->site().rules().is_admin(subject());
  caller.means = recognised_by_;
  if (session_ != nullptr) {
    const config::SessionRules& rules = at_->site().config().identity.session;
    caller.provider = session_->provider;
    caller.signed_in_at = session_->signed_in_at;
    caller.ends_at = session_->began_at +
                     std::chrono::duration_cast<std::chrono::seconds>(rules.lifetime).count();
  }
  if (token_ != nullptr) {
    caller.token_id = token_->id;
    caller.ends_at = token_->expires;
    caller.at_most = token_->at_most;
    caller.apps = token_->apps;
  }
  return caller;
}

runtime::Task<void> Exchange::answer_portal_api() {
  const std::string_view below = route_.path.substr(kPrefix.size());
  if (below == "/me" || below == "/sign-in") {
    if (request_.head.method != Method::get && request_.head.method != Method::head) {
      co_return co_await refuse_method();
    }
    const config::Config& config = at_->site().config();
    const std::string body =
        below == "/me" ? portal_api::me_text(caller(), config) : portal_api::sign_in_text(config);
    co_return co_await answer_here_with(200, body);
  }
  if (IdentityDesk::answers(below)) co_return co_await answer_from_desk(below);
  outcome_ = Outcome::local;
  status_ = 200;
  std::vector<http::Field> extra{
      {"x-request-id", {request_id_.data(), request_id_.size()}, FieldId::x_request_id}};
  for (const std::string& cookie : cookies_)
    extra.push_back({"set-cookie", cookie, FieldId::set_cookie});
  auto statuses = worker_.app_states->statuses();
  std::vector<bool> visible = visible_apps();
  auto answered =
      co_await at_->site().portal_api().handle(request_, reply_, below, *statuses, visible, extra);
  if (answered == portal_api::Answer::method_not_allowed) {
    co_await refuse_method();
  } else if (answered == portal_api::Answer::unknown_path) {
    co_await refuse(Refused(watch::Refusal::unknown_route, 403, "PERMISSION_DENIED",
                            "This address is not one that the gateway knows."));
  }
}

// Tokens and devices: the home loop has the store.
runtime::Task<void> Exchange::answer_from_desk(std::string_view below) {
  if (worker_.desk == nullptr || !is_audited()) {
    co_return co_await refuse(Refused(watch::Refusal::none, 404, "RESOURCE_DOES_NOT_EXIST",
                                      "This gateway runs without identity: there are no tokens."));
  }
  portal_api::ApiCall call;
  call.method = request_.head.method;
  call.path = below;
  call.query = request_.head.target.query;
  call.content_type = request_.head.fields.value(FieldId::content_type);
  call.client_address = client_address_;
  if (!is_public_api()) call.caller = caller();
  auto body = co_await read_whole(portal_api::kMaxApiBody);
  if (!body) {
    co_return co_await refuse(Refused(watch::Refusal::too_large, 413, "BAD_REQUEST",
                                      "The body is too large, or broke off."));
  }
  call.body = std::move(*body);
  if (!http::is_safe(call.method)) {
    if (Refusal full = reserve_audit_line()) co_return co_await refuse(std::move(*full));
  }
  IdentityDesk& desk = *worker_.desk;
  auto work = [&desk, call = std::move(call), config = at_->shared_config()] {
    return desk.answer(call, config);
  };
  auto calling = desk.call<portal_api::ApiAnswer>(worker_.loop, std::move(work));
  auto answer = co_await std::move(calling);
  if (!answer) {
    Refused refused(watch::Refusal::overloaded, 503, "TEMPORARILY_UNAVAILABLE",
                    "The store does not answer.");
    refused.retry_after = 5;
    co_return co_await refuse(std::move(refused));
  }
  co_await send(std::move(*answer));
}

runtime::Task<void> Exchange::send(portal_api::ApiAnswer answer) {
  // A device that has to wait is not refused anything (RFC 8628 §3.5).
  const bool waits = answer.status == 400 && answer.refusal.empty();
  const bool refused = answer.status >= 400 && !waits;
  if (answer.event) {
    audit_event_ = request_.arena.copy(answer.event->event);
    rule_ = request_.arena.copy(answer.event->detail);
    if (person_ == nullptr) actor_ = request_.arena.copy(answer.event->person);
  } else if (!refused) {
    // Nothing happened that anybody is to be held to account for.
    audit_place_.reset();
  } else if (audit_place_) {
    audit_event_ = "refusal";
  }
  const std::string_view id{request_id_.data(), request_id_.size()};
  if (!answer.refusal.empty()) {
    refusal_ = refusal_named(answer.refusal);
    worker_.shard.add(worker_.shared.metrics.refusal(refusal_));
  }
  if (refused) {
    worker_.shared.log.write(answer.status < 500 ? watch::LogLevel::info : watch::LogLevel::warning,
                             "request-refused",
                             {{"request_id", id},
                              {"refusal", answer.refusal},
                              {"status", answer.status},
                              {"why", answer.detail},
                              {"client", client_address_}});
  }
  outcome_ = answer.refusal.empty() ? Outcome::local : Outcome::refused;
  http::ResponseHead head(request_.arena);
  head.status = status_ = answer.status;
  head.fields.add(FieldId::x_request_id, id);
  if (!answer.refusal.empty()) head.fields.add(FieldId::x_signet_refusal, answer.refusal);
  if (!answer.allow.empty()) head.fields.add(FieldId::allow, answer.allow);
  const std::string retry = std::to_string(answer.retry_after);
  if (answer.retry_after > 0) head.fields.add(FieldId::retry_after, retry);
  head.fields.add(FieldId::cross_origin_opener_policy, "same-origin");
  head.fields.add(FieldId::cross_origin_resource_policy, "same-origin");
  add_cookies(head.fields);
  if (answer.status == 204) {
    reply_.start(head, 0);
    co_await reply_.finish();
    co_return;
  }
  co_await gateway::answer(request_, reply_, head, "application/json", answer.body);
}

}  // namespace signet::gateway
