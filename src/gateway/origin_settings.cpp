#include "gateway/origin_settings.h"

#include <algorithm>

namespace signet::gateway {

origin::Timeouts origin_timeouts(const config::Config& config) {
  const config::Timeouts& from = config.timeouts;
  origin::Timeouts timeouts;
  timeouts.connect = from.origin_connect;
  timeouts.queue = from.origin_queue;
  timeouts.response = from.origin_response;
  timeouts.stall = from.origin_stall;
  timeouts.idle = from.origin_idle;
  timeouts.dns = from.dns;
  return timeouts;
}

origin::Settings origin_settings(const config::Config& config, const config::App& app,
                                 runtime::TlsClientContext& tls, std::size_t loops) {
  origin::Settings settings;
  settings.name = app.name;
  settings.https = app.endpoint.https;
  settings.host = app.endpoint.host;
  settings.port = app.endpoint.port;
  settings.base_path = app.endpoint.path;
  settings.tls = &tls;
  const config::OutboundProxy& proxy = config.outbound.proxy;
  if (proxy.is_for(settings.host, settings.https)) {
    settings.proxy_host = proxy.host;
    settings.proxy_port = proxy.port;
  }
  settings.timeouts = origin_timeouts(config);
  // The cap is the process's; each loop gets its share of each origin's.
  settings.connections = std::max<std::size_t>(1, config.limits.origin_connections / loops);
  settings.head_limits.header_bytes = config.limits.header_bytes;
  settings.head_limits.header_count = config.limits.header_count;
  return settings;
}

front::Settings front_settings(const config::Config& config, std::size_t loops) {
  front::Settings settings;
  settings.head.request_line = config.limits.request_line;
  settings.head.header_bytes = config.limits.header_bytes;
  settings.head.header_count = config.limits.header_count;
  settings.body_bytes = config.limits.body_bytes;
  settings.memory = config.limits.memory / loops;
  settings.header_timeout = config.timeouts.header;
  settings.body_stall_timeout = config.timeouts.body_stall;
  settings.send_stall_timeout = config.timeouts.send_stall;
  settings.idle_timeout = config.timeouts.idle;
  return settings;
}

signing::HowToSign how_to_sign(const config::App& app) {
  bool is_app = app.kind == config::Kind::sagemaker_app;
  return signing::how_to_sign(is_app ? "sagemaker" : "sagemaker-mlflow", app.region);
}

}  // namespace signet::gateway
