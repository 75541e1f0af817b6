#include "watch/gateway_metrics.h"

#include <string>

namespace signet::watch {

namespace {

constexpr std::array<std::string_view, 5> kStatusTexts{"1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace

Counter AppMetrics::request(int status, Outcome outcome) const {
  std::size_t row = status >= 100 && status < 600 ? static_cast<std::size_t>(status / 100 - 1) : 4;
  return requests[row][static_cast<std::size_t>(outcome)];
}

AppMetrics app_metrics(Registry& registry, std::string_view app) {
  const std::string name(app);
  AppMetrics metrics;
  for (std::size_t status = 0; status < kStatusTexts.size(); ++status) {
    for (std::size_t outcome = 0; outcome < kOutcomeTexts.size(); ++outcome) {
      metrics.requests[status][outcome] = registry.counter(
          "signet_requests_total", "Requests by app, class of the status and how they ended.",
          {{"app", name},
           {"status", std::string(kStatusTexts[status])},
           {"outcome", std::string(kOutcomeTexts[outcome])}});
    }
  }
  auto duration = [&](std::string_view metric, std::string_view help) {
    return registry.histogram(metric, help, {{"app", name}});
  };
  metrics.queue = duration("signet_queue_seconds", "Waiting for a connection to the origin.");
  metrics.sign = duration("signet_sign_seconds", "Hashing and signing.");
  metrics.origin = duration("signet_origin_seconds", "From sending to the origin to its answer.");
  metrics.total = duration("signet_request_seconds", "From a request's first to its last byte.");
  auto counter = [&](std::string_view metric, std::string_view help) {
    return registry.counter(metric, help, {{"app", name}});
  };
  metrics.bytes_in = counter("signet_received_bytes_total", "Bytes of request bodies.");
  metrics.bytes_out = counter("signet_sent_bytes_total", "Bytes of answer bodies.");
  metrics.origin_opened =
      counter("signet_origin_connections_opened_total", "Connections opened to the origin.");
  metrics.origin_reused = counter("signet_origin_connections_reused_total",
                                  "Requests sent on a connection that was open already.");
  metrics.origin_retried =
      counter("signet_origin_retries_total", "Requests sent again on a fresh connection.");
  for (std::size_t kind = 0; kind < kOriginFailureTexts.size(); ++kind) {
    metrics.origin_failures[kind] =
        registry.counter("signet_origin_failures_total", "Failures of the origin by kind.",
                         {{"app", name}, {"kind", std::string(kOriginFailureTexts[kind])}});
  }
  metrics.origin_open = registry.gauge("signet_origin_connections",
                                       "Open connections to the origin.", {{"app", name}});
  auto refresh = [&](const char* outcome) {
    return registry.counter("signet_credential_refreshes_total",
                            "Fetches of AWS credentials by outcome.",
                            {{"app", name}, {"outcome", outcome}});
  };
  metrics.credentials_refreshed = refresh("ok");
  metrics.credentials_failed = refresh("failed");
  metrics.credentials_expire = registry.gauge(
      "signet_credentials_expiry_timestamp_seconds",
      "When the AWS credentials expire, in unix time; 0: not known.", {{"app", name}});
  return metrics;
}

GatewayMetrics::GatewayMetrics(Registry& registry) {
  for (std::size_t reason = 1; reason < kRefusalTexts.size(); ++reason) {
    refusals[reason] = registry.counter("signet_refusals_total", "Requests refused, by reason.",
                                        {{"reason", std::string(kRefusalTexts[reason])}});
  }
  // `none` is not exposed; what is counted there by mistake shows as a bad request.
  refusals[0] = refusal(Refusal::bad_request);
  connections = registry.gauge("signet_connections", "Open client connections.");
  accepted = registry.counter("signet_connections_accepted_total", "Client connections accepted.");
  connections_refused =
      registry.counter("signet_connections_refused_total", "Client connections closed at a limit.");
  for (std::size_t reason = 0; reason < kClosedTexts.size(); ++reason) {
    connections_closed[reason] = registry.counter("signet_connections_closed_total",
                                                  "Client connections that timed out or were lost.",
                                                  {{"reason", std::string(kClosedTexts[reason])}});
  }
  exchanges = registry.gauge("signet_exchanges", "Requests being handled.");
  spool_bytes = registry.gauge("signet_spool_bytes", "Bytes of request bodies in the spool.");
  slow_turns = registry.counter("signet_slow_loop_turns_total",
                                "Turns of an event loop that took over 20 ms.");
  dropped_log_lines = registry.counter("signet_log_lines_dropped_total",
                                       "Access log lines dropped because the writer was behind.");
  unaudited_refusals = registry.counter("signet_audit_refusals_dropped_total",
                                        "Refusals that found no room in the audit log.");
  lost_log_lines = registry.counter("signet_log_lines_lost_total",
                                    "Log lines that could not be written to their file.");
  reloads = registry.counter("signet_reloads_total", "Configurations read again, by outcome.",
                             {{"outcome", "ok"}});
  reloads_refused = registry.counter(
      "signet_reloads_total", "Configurations read again, by outcome.", {{"outcome", "refused"}});
}

void register_build_info(Registry& registry, std::string_view version, std::string_view commit,
                         std::string_view compiler) {
  Gauge info = registry.gauge("signet_build_info", "Always 1.",
                              {{"version", std::string(version)},
                               {"commit", std::string(commit)},
                               {"compiler", std::string(compiler)}});
  registry.set(info, 1);
}

}  // namespace signet::watch
