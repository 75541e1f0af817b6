#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// clang-format off
// Every field name the program has a rule for; "_" stands for "-". Names outside the list are
// carried by text.
#define SIGNET_HTTP_FIELDS(X)                                                                     \
  X(accept) X(accept_encoding) X(accept_language) X(accept_ranges)                                \
  X(access_control_allow_credentials) X(access_control_allow_headers)                             \
  X(access_control_allow_methods) X(access_control_allow_origin)                                  \
  X(access_control_expose_headers) X(access_control_max_age) X(access_control_request_headers)    \
  X(access_control_request_method) X(age) X(allow) X(alt_svc) X(authorization) X(baggage)         \
  X(cache_control) X(clear_site_data) X(connection) X(content_disposition) X(content_encoding)    \
  X(content_language) X(content_length) X(content_location) X(content_range)                      \
  X(content_security_policy) X(content_security_policy_report_only) X(content_type) X(cookie)     \
  X(cross_origin_embedder_policy) X(cross_origin_opener_policy) X(cross_origin_resource_policy)   \
  X(date) X(dnt) X(etag) X(expect) X(expires) X(forwarded) X(host) X(http2_settings)              \
  X(if_match) X(if_modified_since) X(if_none_match) X(if_range) X(if_unmodified_since)            \
  X(keep_alive) X(last_modified) X(link) X(location) X(nel) X(origin) X(permissions_policy)       \
  X(pragma) X(priority) X(proxy_authenticate) X(proxy_authentication_info)                        \
  X(proxy_authorization) X(proxy_connection) X(range) X(referer) X(referrer_policy) X(refresh)    \
  X(report_to) X(reporting_endpoints) X(retry_after) X(sec_ch_ua) X(sec_ch_ua_mobile)             \
  X(sec_ch_ua_platform) X(sec_fetch_dest) X(sec_fetch_mode) X(sec_fetch_site) X(sec_fetch_user)   \
  X(server) X(server_timing) X(service_worker) X(service_worker_allowed) X(set_cookie)            \
  X(sourcemap) X(strict_transport_security) X(te) X(timing_allow_origin) X(traceparent)           \
  X(tracestate) X(trailer) X(transfer_encoding) X(upgrade) X(upgrade_insecure_requests)           \
  X(user_agent) X(vary) X(via) X(warning) X(www_authenticate) X(x_amz_content_sha256)             \
  X(x_amz_date) X(x_amz_security_token) X(x_amzn_errortype) X(x_amzn_oidc_accesstoken)            \
  X(x_amzn_oidc_data) X(x_amzn_oidc_identity) X(x_amzn_requestid) X(x_amzn_trace_id)              \
  X(x_content_type_options) X(x_dns_prefetch_control) X(x_forwarded_for) X(x_forwarded_host)      \
  X(x_forwarded_port) X(x_forwarded_prefix) X(x_forwarded_proto) X(x_forwarded_server)            \
  X(x_forwarded_uri) X(x_frame_options) X(x_http_method) X(x_http_method_override)                \
  X(x_method_override) X(x_mlflow_authorization) X(x_mlflow_client_version)                       \
  X(x_mlflow_experiment_id) X(x_mlflow_gateway_caller) X(x_mlflow_gateway_duration_ms)            \
  X(x_mlflow_guardrail_bypass) X(x_mlflow_run_id) X(x_mlflow_sm_tracking_server_arn)              \
  X(x_mlflow_workspace) X(x_original_url) X(x_real_ip) X(x_request_id) X(x_requested_with)        \
  X(x_rewrite_url) X(x_signet_refusal) X(x_sm_mlflow_app_arn) X(x_xss_protection)
// clang-format on

namespace signet::http {

enum class FieldId : std::uint8_t {
  unknown,
#define SIGNET_HTTP_FIELD_ENUMERATOR(id) id,
  SIGNET_HTTP_FIELDS(SIGNET_HTTP_FIELD_ENUMERATOR)
#undef SIGNET_HTTP_FIELD_ENUMERATOR
      end_of_list
};

inline constexpr std::size_t kFieldIds = static_cast<std::size_t>(FieldId::end_of_list);

// `name` must be lower-case; FieldId::unknown for one outside the list. Constant time.
FieldId field_id(std::string_view name);

// The lower-case name; empty for `unknown`. Valid for ever.
std::string_view field_name(FieldId id);

}  // namespace signet::http
