#include <utility>

#include "files/respond.h"
#include "gateway/exchange.h"
#include "gateway/text.h"
#include "http/accept.h"
#include "watch/json_text.h"

// The part of Exchange that answers without an origin, and the record it leaves.
namespace signet::gateway {

using http::FieldId;
using watch::Outcome;

runtime::Task<void> Exchange::refuse(Refused refused) {
  status_ = refused.status;
  refusal_ = refused.reason;
  std::string_view id{request_id_.data(), request_id_.size()};
  if (refused.reason != watch::Refusal::none) {
    outcome_ = Outcome::refused;
    worker_.shard.add(worker_.shared.metrics.refusal(refused.reason));
    watch::LogLevel level =
        refused.status >= 500 ? watch::LogLevel::warning : watch::LogLevel::info;
    worker_.shared.log.write(
        level, "request-refused",
        {{"request_id", id},
         {"refusal", watch::to_string(refused.reason)},
         {"status", refused.status},
         {"why", refused.detail.empty() ? refused.message : std::string_view(refused.detail)},
         {"client", client_address_}});
  } else {
    outcome_ = Outcome::local;
  }
  if (!refused.door.empty() && request_.head.method == http::Method::get &&
      http::is_navigation(request_.head.fields)) {
    co_return co_await redirect_to(std::move(refused.door));
  }
  const Site& site = at_->site();
  const config::App* framed = host_ != nullptr && host_->app != nullptr ? host_->app : route_.app;
  RefusalPage page{id, site.portal_link(host_), site.frame_ancestors(framed)};
  co_await gateway::refuse(request_, reply_, refused, page);
}

runtime::Task<void> Exchange::run_malformed(http::ParseError error) {
  int status = http::status_of(error);
  Refused refused(status == 431 ? watch::Refusal::too_large : watch::Refusal::bad_request, status,
                  "BAD_REQUEST", http::describe(error));
  if (error == http::ParseError::no_memory) {
    refused.reason = watch::Refusal::overloaded;
    refused.error_code = "TEMPORARILY_UNAVAILABLE";
    refused.retry_after = 1;
  }
  co_await refuse(std::move(refused));
}

runtime::Task<void> Exchange::answer_health() {
  http::ResponseHead head(request_.arena);
  bool draining = worker_.shared.draining.load(std::memory_order_relaxed);
  bool asks =
      request_.head.method == http::Method::get || request_.head.method == http::Method::head;
  head.status = !asks ? 405 : draining ? 503 : 200;
  status_ = head.status;
  outcome_ = Outcome::local;
  if (!asks) head.fields.add(FieldId::allow, "GET, HEAD");
  co_await answer(request_, reply_, head, "application/json",
                  !asks      ? "{\"error_code\": \"BAD_REQUEST\", \"message\": \"GET or HEAD\"}\n"
                  : draining ? "{\"status\": \"draining\"}"
                             : "{\"status\": \"healthy\"}");
}

runtime::Task<void> Exchange::answer_redirect() {
  http::ResponseHead head(request_.arena);
  head.status = status_ = route_.redirect_status;
  outcome_ = Outcome::local;
  std::string_view to = route_.path;
  const http::Target& target = request_.head.target;
  if (route_.keeps_query && target.has_query) {
    to = concat(request_.arena, {to, "?", target.query});
  }
  head.fields.add(FieldId::location, to);
  head.fields.add(FieldId::x_request_id, {request_id_.data(), request_id_.size()});
  co_await answer(request_, reply_, head, "text/plain; charset=utf-8", "");
}

// `users/current` and `ui-telemetry`: identities are the gateway's, and nothing is reported home.
runtime::Task<void> Exchange::answer_here() {
  if (route_.path.ends_with("/ui-telemetry")) {
    bool asks = request_.head.method != http::Method::post;
    co_return co_await answer_here_with(
        200, asks ? "{\"disable_ui_telemetry\": true, \"disable_ui_events\": [], "
                    "\"ui_rollout_percentage\": 0}"
                  : "{\"status\": \"disabled\"}");
  }
  if (person_ == nullptr) {
    // Without identity nobody is signed in, as with an MLflow that has no accounts.
    co_return co_await answer_here_with(
        404,
        "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": "
        "\"Nobody is signed in: this gateway runs without identity.\"}");
  }
  co_await answer_here_with(200, current_user());
}

// As MLflow's own accounts answer it.
std::string Exchange::current_user() const {
  std::string body = "{\"user\": {\"username\": ";
  watch::append_json_string(body, person_->id);
  body += ", \"is_admin\": ";
  body += at_->site().rules().is_admin(subject()) ? "true" : "false";
  body += "}}";
  return body;
}

runtime::Task<void> Exchange::answer_here_with(int status, std::string_view body) {
  http::ResponseHead head(request_.arena);
  head.status = status_ = status;
  outcome_ = Outcome::local;
  add_cookies(head.fields);
  head.fields.add(FieldId::x_request_id, {request_id_.data(), request_id_.size()});
  co_await answer(request_, reply_, head, "application/json", body);
}

runtime::Task<void> Exchange::answer_portal() {
  std::string_view below = route_.path.substr(std::string_view("/app").size());
  if (!below.empty()) below.remove_prefix(1);
  return answer_file(
      worker_.shared.portal.find_page(below, http::is_navigation(request_.head.fields)));
}

// The script that pages of MLflow get from us, always under one name.
runtime::Task<void> Exchange::answer_static() {
  return answer_file(
      worker_.shared.portal.find(route_.path.substr(std::string_view("/signet/").size())));
}

runtime::Task<void> Exchange::answer_file(const files::File* file) {
  if (file == nullptr) {
    co_return co_await refuse(Refused(watch::Refusal::none, 404, "RESOURCE_DOES_NOT_EXIST",
                                      "The portal has no such file."));
  }
  outcome_ = Outcome::local;
  status_ = file->status;
  http::Field id{"x-request-id", {request_id_.data(), request_id_.size()}, FieldId::x_request_id};
  auto served =
      co_await files::respond(request_, reply_, *file, at_->site().portal_policy(), {&id, 1});
  if (served == files::Served::method_not_allowed) co_await refuse_method();
}

runtime::Task<void> Exchange::refuse_method() {
  Refused refused(watch::Refusal::none, 405, "BAD_REQUEST",
                  "This address answers GET and HEAD only.");
  refused.allow = "GET, HEAD";
  return refuse(std::move(refused));
}

void Exchange::record_audit() {
  watch::AuditEntry entry;
  entry.event = !audit_event_.empty() ? audit_event_ : audit_place_ ? "write" : "refusal";
  if (person_ != nullptr) {
    entry.person = person_->id;
    entry.means = means_;
  } else {
    entry.person = actor_;
  }
  if (route_.app != nullptr) entry.app = route_.app->name;
  if (route_.operation) {
    entry.operation = route_.operation->operation;
    entry.access = to_string(route_.operation->access);
  }
  entry.method = request_.head.method_name;
  entry.path = request_.head.target.path;
  entry.query = request_.head.target.query;
  entry.rule = rule_;
  entry.refusal = watch::to_string(refusal_);
  entry.request_id = {request_id_.data(), request_id_.size()};
  entry.client = client_address_;
  entry.status = status_;
  bool kept = audit_place_ ? worker_.audit_log.record(entry, *audit_place_)
                           : worker_.audit_log.record(entry);
  if (!kept) {
    worker_.shard.add(worker_.shared.metrics.unaudited_refusals);
  }
}

void Exchange::record() {
  if (is_audited() && (audit_place_ || refusal_ != watch::Refusal::none || !audit_event_.empty())) {
    record_audit();
  }
  watch::AccessEntry entry;
  entry.who = person_ == nullptr ? std::string_view("anonymous") : person_->id;
  entry.method = request_.head.method_name;
  entry.path = request_.head.target.path;
  entry.query = request_.head.target.query;
  if (route_.app != nullptr) entry.app = route_.app->name;
  if (route_.operation) entry.operation = route_.operation->operation;
  entry.refusal = watch::to_string(refusal_);
  entry.request_id = {request_id_.data(), request_id_.size()};
  entry.trace_id = trace_.trace();
  entry.client = client_address_;
  entry.user_agent = request_.head.fields.value(FieldId::user_agent);
  entry.status = status_;
  entry.bytes_in = body_.bytes_received();
  entry.bytes_out = reply_.bytes_sent();
  entry.queue = queue_;
  entry.sign = sign_;
  entry.origin = origin_;
  entry.total = worker_.loop.clock().monotonic() - request_.received;
  worker_.access_log.record(entry);

  const watch::AppMetrics& metrics = app_ != nullptr ? app_->metrics : worker_.shared.no_app;
  watch::Shard& shard = worker_.shard;
  shard.add(metrics.request(status_, outcome_));
  shard.observe(metrics.total, entry.total);
  shard.add(metrics.bytes_in, entry.bytes_in);
  shard.add(metrics.bytes_out, entry.bytes_out);
  if (app_ == nullptr) return;
  app_->tally(shard);
  if (origin_ == runtime::Duration::zero()) return;
  shard.observe(metrics.queue, queue_);
  shard.observe(metrics.sign, sign_);
  shard.observe(metrics.origin, origin_);
}

}  // namespace signet::gateway
