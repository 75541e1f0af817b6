#include "gateway/admin.h"

#include <utility>

#include "config/url.h"
#include "gateway/refusal_reply.h"
#include "watch/json_text.h"

namespace signet::gateway {

using http::FieldId;
using http::Method;

namespace {
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";

// An Authority's host is lower-case, an IPv6 address in brackets.
bool is_numeric(std::string_view host) {
  return runtime::Address::numeric(host, 1).has_value();
}

bool is_wildcard(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}
}  // namespace

Admin::Admin(const runtime::Address& bound, const watch::Registry& registry,
             const Readiness& readiness, Pulse& pulse, std::function<void()> before_metrics)
    : bound_host_(bound.is_v6() ? "[" + bound.host_text() + "]" : bound.host_text()),
      wildcard_(is_wildcard(bound.host_text())),
      registry_(registry),
      readiness_(readiness),
      pulse_(pulse),
      before_metrics_(std::move(before_metrics)) {}

// The port is not compared: it may be mapped, and rebinding is done with names.
bool Admin::is_our_host(const http::Authority& authority) const {
  if (authority.host == bound_host_ || config::is_loopback_host(authority.host)) return true;
  return wildcard_ && is_numeric(authority.host);
}

runtime::Task<void> Admin::handle(http::Request& request, http::ByteSource& /*body*/,
                                  http::Reply& reply) {
  Answer result = answer_to(request);
  co_await send(request, reply, std::move(result));
}

runtime::Task<void> Admin::handle_malformed(http::Request& request, http::ParseError error,
                                            http::Reply& reply) {
  Answer result{http::status_of(error), kText, std::string(http::describe(error)) + "\n"};
  co_await send(request, reply, std::move(result));
}

Admin::Answer Admin::answer_to(const http::Request& request) {
  const http::RequestHead& head = request.head;
  if (!is_our_host(head.authority)) {
    return {421, kText, "This host name is not the admin listener's.\n"};
  }
  if (head.expectation_failed) return {417, kText, "Only 100-continue can be expected.\n"};
  const std::string_view path = head.target.path;
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") {
    return {404, kText, "Here are only /healthz, /readyz and /metrics.\n"};
  }
  if (head.method != Method::get && head.method != Method::head) {
    return {405, kText, "Only GET and HEAD are answered here.\n"};
  }
  if (path == "/healthz") return health();
  if (path == "/readyz") return readiness();
  if (before_metrics_) before_metrics_();
  return {200, watch::kMetricsType, registry_.text()};
}

Admin::Answer Admin::health() {
  if (pulse_.all_turn()) return {200, kJson, "{\"status\": \"healthy\"}\n"};
  return {503, kJson, "{\"status\": \"stuck\", \"reasons\": [\"an event loop stands still\"]}\n"};
}

Admin::Answer Admin::readiness() const {
  const std::vector<std::string> reasons = readiness_.reasons();
  if (reasons.empty()) return {200, kJson, "{\"status\": \"ready\"}\n"};
  std::string text = "{\"status\": \"not-ready\", \"reasons\": [";
  for (const std::string& reason : reasons) {
    if (&reason != &reasons.front()) text += ", ";
    watch::append_json_string(text, reason);
  }
  text += "]}\n";
  return {503, kJson, std::move(text)};
}

runtime::Task<void> Admin::send(http::Request& request, http::Reply& reply, Answer result) {
  http::ResponseHead head(request.arena);
  head.status = result.status;
  if (result.status == 405) head.fields.add(FieldId::allow, "GET, HEAD");
  co_await answer(request, reply, head, result.type, result.text);
}

}  // namespace signet::gateway
