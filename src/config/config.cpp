#include "config/config.h"

#include <algorithm>

#include <fmt/format.h>

namespace signet::config {

std::string Problem::text() const {
  return fmt::format("{}:{}:{}: {}", file, place.line, place.column, what);
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::sagemaker_app: return "sagemaker-app";
    case Kind::sagemaker_tracking_server: return "sagemaker-tracking-server";
    case Kind::mlflow: return "mlflow";
  }
  return "";
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "";
}

const App& Config::default_app() const {
  auto found = std::ranges::find(apps, true, &App::is_default);
  return found == apps.end() ? apps.front() : *found;
}

const App* Config::app(std::string_view name) const {
  auto found = std::ranges::find(apps, name, &App::name);
  return found == apps.end() ? nullptr : &*found;
}

Url loopback_url(const runtime::Address& bound) {
  Url url;
  url.host = bound.host_text();
  url.port = bound.port();
  return url;
}

std::vector<std::string> needs_restart(const Config& running, const Config& fresh) {
  std::vector<std::string> keys;
  if (running.listen != fresh.listen) keys.emplace_back("listen");
  if (!(running.admin == fresh.admin)) keys.emplace_back("admin");
  if (running.workers != fresh.workers) keys.emplace_back("workers");
  if (running.state.sqlite != fresh.state.sqlite) keys.emplace_back("state");
  // With it come the store and everything that stands on it.
  if (running.identity.given != fresh.identity.given) keys.emplace_back("identity (on or off)");
  if (running.spool.directory != fresh.spool.directory ||
      running.spool.bytes != fresh.spool.bytes) {
    keys.emplace_back("spool");
  }
  if (running.log.format != fresh.log.format) keys.emplace_back("log.format");
  if (running.log.access != fresh.log.access) keys.emplace_back("log.access");
  if (running.log.audit != fresh.log.audit) keys.emplace_back("log.audit");
  return keys;
}

}  // namespace signet::config
