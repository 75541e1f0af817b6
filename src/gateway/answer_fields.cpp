#include "gateway/answer_fields.h"

#include <algorithm>
#include <array>

#include "gateway/text.h"
#include "http/characters.h"
#include "http/connection_options.h"
#include "http/field_set.h"
#include "http/hop_by_hop.h"

namespace signet::gateway {

namespace {

using http::FieldId;

constexpr http::FieldSet kDropped{FieldId::set_cookie,
                                  FieldId::alt_svc,
                                  FieldId::strict_transport_security,
                                  FieldId::clear_site_data,
                                  FieldId::service_worker_allowed,
                                  FieldId::refresh,
                                  FieldId::link,
                                  FieldId::nel,
                                  FieldId::report_to,
                                  FieldId::reporting_endpoints,
                                  FieldId::access_control_allow_credentials,
                                  FieldId::access_control_allow_headers,
                                  FieldId::access_control_allow_methods,
                                  FieldId::access_control_allow_origin,
                                  FieldId::access_control_expose_headers,
                                  FieldId::access_control_max_age,
                                  FieldId::timing_allow_origin,
                                  FieldId::server,
                                  FieldId::date,
                                  FieldId::content_length,
                                  FieldId::location,
                                  FieldId::www_authenticate,
                                  FieldId::x_frame_options,
                                  FieldId::content_security_policy,
                                  FieldId::content_security_policy_report_only,
                                  FieldId::cross_origin_opener_policy,
                                  FieldId::cross_origin_embedder_policy,
                                  FieldId::cross_origin_resource_policy,
                                  FieldId::x_content_type_options,
                                  FieldId::x_request_id,
                                  FieldId::x_xss_protection,
                                  FieldId::permissions_policy,
                                  FieldId::via,
                                  FieldId::sourcemap,
                                  FieldId::content_location};

// What describes bytes that an edited body no longer has.
constexpr http::FieldSet kOfTheBytes{FieldId::etag, FieldId::accept_ranges, FieldId::content_range,
                                     FieldId::last_modified};

bool is_dropped(const http::Field& field) {
  if (kDropped.has(field.id)) return true;
  return field.name.starts_with("x-amz") || field.name.starts_with("x-signet-") ||
         field.name.starts_with("access-control-") || field.name.starts_with("x-accel-") ||
         field.name == "cdn-cache-control" || field.name == "surrogate-control";
}

// CSP has no host-source for IPv6 addresses (its grammar wants names); 'self' is what is left.
std::string_view script_source(const AnswerContext& context) {
  runtime::Arena& arena = context.request.arena;
  const http::Authority& own = context.request.head.authority;
  if (own.host.starts_with('[')) return "'self'";
  std::string_view port;
  if (own.port != 0) {
    std::array<char, 6> digits;
    std::size_t at = digits.size();
    for (unsigned rest = own.port; rest != 0; rest /= 10) {
      digits[--at] = static_cast<char>('0' + rest % 10);
    }
    digits[--at] = ':';
    port = arena.copy({digits.data() + at, digits.size() - at});
  }
  return concat(arena, {own.host, port, context.route.mount, "/static-files/ ", own.host, port,
                        "/signet/static/"});
}

// Styles may be inline: MLflow's UI libraries insert <style> elements.
std::string_view page_policy(const AnswerContext& context) {
  runtime::Arena& arena = context.request.arena;
  static constexpr std::string_view kBesidesScripts =
      "; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
      "worker-src 'self' blob:; frame-src 'self' blob:; connect-src 'self'; object-src 'none'; "
      "base-uri 'none'; form-action 'self'; frame-ancestors ";
  std::string_view eval = context.page_needs_eval ? " 'unsafe-eval'" : "";
  return concat(arena, {"default-src 'self'; script-src ", script_source(context), eval,
                        kBesidesScripts, context.site.frame_ancestors(context.route.app)});
}

// disposition-type = "attachment", with or without parameters (RFC 6266 §4.1).
bool is_attachment(std::string_view value) {
  constexpr std::string_view kType = "attachment";
  if (!http::character::equals_ignoring_case(value.substr(0, kType.size()), kType)) return false;
  std::string_view parameters = http::character::trim(value.substr(kType.size()));
  return parameters.empty() || parameters.front() == ';';
}

void isolate(AnswerKind kind, const AnswerContext& context, http::Fields& out) {
  out.add(FieldId::x_content_type_options, "nosniff");
  switch (kind) {
    case AnswerKind::page: out.add(FieldId::content_security_policy, page_policy(context)); break;
    case AnswerKind::static_file: break;
    case AnswerKind::data:
      out.add(FieldId::content_security_policy, "sandbox; default-src 'none'");
      out.add(FieldId::cross_origin_resource_policy, "same-origin");
      if (out.count(FieldId::content_disposition) != 1 ||
          !is_attachment(out.value(FieldId::content_disposition))) {
        out.remove(FieldId::content_disposition);
        out.add(FieldId::content_disposition, "attachment");
      }
      break;
    case AnswerKind::api:
      out.add(FieldId::content_security_policy, "sandbox; default-src 'none'");
      break;
  }
}

}  // namespace

AnswerKind answer_kind(const Route& route) {
  if (route.operation->is_data) return AnswerKind::data;
  if (route.path == "/") return AnswerKind::page;
  if (route.path.starts_with("/static-files/")) return AnswerKind::static_file;
  return AnswerKind::api;
}

void add_answer_fields(const http::Fields& from, int status, const AnswerContext& context,
                       bool edited, http::Fields& out) {
  bool names_fields = from.has(FieldId::connection);
  AnswerKind kind = answer_kind(context.route);
  // Static files are named by their content; everything else may differ for the next person.
  bool stored =
      kind == AnswerKind::static_file && (status == 200 || status == 206 || status == 304);
  for (const http::Field& field : from) {
    if (http::is_hop_by_hop(field.id) || is_dropped(field)) continue;
    if (names_fields && http::connection_names(from, field.name)) continue;
    if (edited && kOfTheBytes.has(field.id)) continue;
    bool caching = field.id == FieldId::cache_control || field.id == FieldId::expires ||
                   field.id == FieldId::pragma;
    if (caching && !stored) continue;
    out.add(field);
  }
  if (const http::Field* location = from.find(FieldId::location)) {
    std::string_view to = location_for_client(location->value, context);
    if (!to.empty()) out.add(FieldId::location, to);
  }
  if (!stored) {
    // A page may be kept but is asked for anew; answers with data are not kept at all.
    out.add(FieldId::cache_control, kind == AnswerKind::page ? "no-cache" : "no-store");
  }
  isolate(kind, context, out);
  out.add(FieldId::x_request_id, context.request_id);
}

std::string_view location_for_client(std::string_view location, const AnswerContext& context) {
  runtime::Arena& arena = context.request.arena;
  std::string_view path = location;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!path.starts_with(scheme)) continue;
    std::string authority = context.route.app->endpoint.authority();
    path.remove_prefix(scheme.size());
    if (!path.starts_with(authority)) return {};
    path.remove_prefix(authority.size());
    if (!path.empty() && path.front() != '/') return {};
  }
  const std::string& base = context.route.app->endpoint.path;
  if (!base.empty() && path.starts_with(base)) path.remove_prefix(base.size());
  std::size_t query = path.find_first_of("?#");
  std::string_view tail = query == std::string_view::npos ? "" : path.substr(query);
  auto normal = http::normalise_path(path.substr(0, query), arena);
  if (!normal) return {};
  bool clean = std::ranges::all_of(tail, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  if (!clean) return {};
  return concat(arena, {context.route.mount, *normal, tail});
}

}  // namespace signet::gateway
