#include "gateway/request_fields.h"

#include <algorithm>
#include <array>

#include "http/connection_options.h"
#include "http/field_set.h"
#include "http/hop_by_hop.h"
#include "signing/request_signer.h"

namespace signet::gateway {

namespace {

using http::FieldId;

// All that an MLflow of SageMaker needs to understand a request; everything else stays here.
constexpr http::FieldSet kAllowed{FieldId::accept,
                                  FieldId::accept_encoding,
                                  FieldId::accept_language,
                                  FieldId::cache_control,
                                  FieldId::content_encoding,
                                  FieldId::content_type,
                                  FieldId::if_modified_since,
                                  FieldId::if_none_match,
                                  FieldId::if_range,
                                  FieldId::range,
                                  FieldId::user_agent,
                                  FieldId::x_mlflow_client_version,
                                  FieldId::x_mlflow_experiment_id,
                                  FieldId::x_mlflow_run_id,
                                  FieldId::x_requested_with};

// Credentials, claims about the client, and whatever could change what the request means.
constexpr http::FieldSet kDenied{FieldId::host,
                                 FieldId::expect,
                                 FieldId::authorization,
                                 FieldId::cookie,
                                 FieldId::origin,
                                 FieldId::referer,
                                 FieldId::forwarded,
                                 FieldId::via,
                                 FieldId::x_real_ip,
                                 FieldId::x_original_url,
                                 FieldId::x_rewrite_url,
                                 FieldId::x_http_method,
                                 FieldId::x_http_method_override,
                                 FieldId::x_method_override,
                                 FieldId::x_mlflow_workspace,
                                 FieldId::x_mlflow_authorization,
                                 FieldId::x_mlflow_gateway_caller,
                                 FieldId::x_mlflow_guardrail_bypass,
                                 FieldId::x_mlflow_sm_tracking_server_arn,
                                 FieldId::x_sm_mlflow_app_arn,
                                 FieldId::traceparent,
                                 FieldId::tracestate,
                                 FieldId::x_request_id,
                                 FieldId::http2_settings,
                                 FieldId::upgrade_insecure_requests};

// "proxy" for httpoxy too; the others are how proxies tell who asks, or which method, host or URL
// "really" was meant.
constexpr std::array<std::string_view, 15> kDeniedPrefixes{
    "x-amz",      "x-forwarded",   "x-signet-",   "x-original-", "x-rewrite-",
    "x-http-",    "x-host",        "x-override-", "x-remote-",   "x-auth-request-",
    "x-webauth-", "x-script-name", "proxy",       "remote-",     "request-uri"};

bool passes(const http::Field& field, bool by_allow_list) {
  if (by_allow_list) return kAllowed.has(field.id);
  if (kDenied.has(field.id)) return false;
  if (field.name == "cookie2") return false;
  if (!std::string_view("xpr").contains(field.name.front())) return true;
  return std::ranges::none_of(
      kDeniedPrefixes, [&](std::string_view prefix) { return field.name.starts_with(prefix); });
}

}  // namespace

void add_request_fields(const http::Fields& client, const config::App& app, const OwnFields& own,
                        http::Fields& out) {
  bool signed_kind = app.is_signed();
  bool names_fields = client.has(FieldId::connection);
  for (const http::Field& field : client) {
    if (http::is_hop_by_hop(field.id) || field.id == FieldId::content_length) continue;
    if (!passes(field, signed_kind)) continue;
    if (names_fields && http::connection_names(client, field.name)) continue;
    // Signed fields must be single: the signature and the origin could join repeats differently.
    if (signed_kind && out.has(field.id)) continue;
    out.add(field);
  }
  if (app.kind == config::Kind::sagemaker_app) {
    out.add(signing::kAppArnHeader, app.arn);
  } else if (app.kind == config::Kind::sagemaker_tracking_server) {
    out.add(signing::kTrackingServerArnHeader, app.arn);
  } else {
    if (!app.authorization.empty()) {
      out.add(FieldId::authorization, app.authorization.reveal());
    }
    // uvicorn believes this header from loopback: without ours it would take every client for
    // local.
    out.add(FieldId::x_forwarded_for, own.client_address);
  }
  out.add(FieldId::x_request_id, own.request_id);
  out.add(FieldId::traceparent, own.traceparent);
  if (own.keeps_tracestate && !http::connection_names(client, "tracestate")) {
    out.add(FieldId::tracestate, client.value(FieldId::tracestate));
  }
}

}  // namespace signet::gateway
