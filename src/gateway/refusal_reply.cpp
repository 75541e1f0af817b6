#include "gateway/refusal_reply.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "http/accept.h"
#include "http/status.h"
#include "watch/json_text.h"

namespace signet::gateway {

namespace {

using http::FieldId;

constexpr std::string_view kPagePolicy =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ";

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

// Pages of ours that another origin's window must not reach into (design §1.3).
bool is_own_page(std::string_view path) {
  return path == "/app" || path.starts_with("/app/") || path.starts_with("/signet/");
}

std::string text_of(const Refused& refused, const RefusalPage& page) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0} {1}</title></head>"
      "<body><main><h1>{1}</h1><p>{2}</p><p><a href=\"{4}\" target=\"_top\">To the list of "
      "apps</a></p>"
      "<p><small>Request {3}</small></p></main></body></html>\n",
      refused.status, http::reason_phrase(refused.status), escape_html(refused.message),
      page.request_id, escape_html(page.portal_link));
}

std::string json(const Refused& refused) {
  std::string body = "{\"error_code\": ";
  watch::append_json_string(body, refused.error_code);
  body += ", \"message\": ";
  watch::append_json_string(body, refused.message);
  body += "}\n";
  return body;
}

}  // namespace

runtime::Task<void> answer(const http::Request& request, http::Reply& reply,
                           http::ResponseHead& head, std::string_view type, std::string_view body) {
  head.fields.add(FieldId::content_type, type);
  if (!head.fields.has(FieldId::cache_control)) {
    head.fields.add(FieldId::cache_control, "no-store");
  }
  head.fields.add(FieldId::x_content_type_options, "nosniff");
  reply.start(head, body.size());
  while (!body.empty()) {
    std::string_view part = body.substr(0, 65536);
    body.remove_prefix(part.size());
    runtime::Buffer piece = runtime::Buffer::copy_of(request.loop.blocks(), part);
    auto sent = co_await reply.write(std::move(piece));
    if (!sent) co_return;
  }
  co_await reply.finish();
}

runtime::Task<void> refuse(const http::Request& request, http::Reply& reply, const Refused& refused,
                           const RefusalPage& page) {
  http::ResponseHead head(request.arena);
  head.status = refused.status;
  std::string retry = std::to_string(refused.retry_after);
  if (refused.reason != watch::Refusal::none) {
    head.fields.add(FieldId::x_signet_refusal, watch::to_string(refused.reason));
  }
  if (!refused.allow.empty()) head.fields.add(FieldId::allow, refused.allow);
  if (is_own_page(request.head.target.path)) {
    head.fields.add(FieldId::cross_origin_opener_policy, "same-origin");
  }
  if (refused.retry_after > 0) head.fields.add(FieldId::retry_after, retry);
  head.fields.add(FieldId::x_request_id, page.request_id);
  head.fields.add(FieldId::vary, "sec-fetch-mode, accept");
  if (http::is_navigation(request.head.fields) && request.head.method == http::Method::get) {
    std::string policy = fmt::format("{}{}", kPagePolicy, page.frame_ancestors);
    head.fields.add(FieldId::content_security_policy, policy);
    std::string body = text_of(refused, page);
    co_await answer(request, reply, head, "text/html; charset=utf-8", body);
  } else {
    std::string body = json(refused);
    co_await answer(request, reply, head, "application/json", body);
  }
}

}  // namespace signet::gateway
