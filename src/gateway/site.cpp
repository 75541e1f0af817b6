#include "gateway/site.h"

#include <array>
#include <cstring>
#include <utility>

#include "files/page_policy.h"

namespace signet::gateway {

namespace {

constexpr std::uint16_t standard_port(bool https) {
  return https ? 443 : 80;
}

OwnHost from_url(const config::Url& url, const config::App* app) {
  bool v6 = url.host.contains(':');
  return {v6 ? "[" + url.host + "]" : url.host, url.port, url.https, false, app, false};
}

// `text` was checked by the configuration: "name", "name:port", "[v6]:port".
OwnHost from_authority(const std::string& text) {
  std::string copy = text;
  auto parsed = http::parse_authority(copy);
  OwnHost host;
  if (parsed) {
    host.host = std::string(parsed->host);
    host.port = parsed->port;
  }
  host.any_scheme = true;
  return host;
}

bool is_meant(const OwnHost& own, const http::Authority& asked) {
  if (asked.host != own.host) return false;
  if (!own.any_scheme) return asked.port_or(standard_port(own.https)) == own.port;
  if (own.port != 0) return asked.port == own.port;
  return asked.port == 0 || asked.port == 80 || asked.port == 443;
}

std::string policy_of_portal(const config::Config& config) {
  std::vector<std::string> frames;
  for (const config::App& app : config.apps) {
    if (app.public_url) frames.push_back(app.public_url->origin());
  }
  return files::portal_policy(frames, config.embedding.frame_ancestors);
}

}  // namespace

Site::Site(config::Config config)
    : config_(std::move(config)),
      portal_api_(config_, config_.public_url->text()),
      rules_(config_.access, config_.apps, !config_.identity.given),
      portal_policy_(policy_of_portal(config_)) {
  frame_ancestors_ = "'self'";
  for (const std::string& ancestor : config_.embedding.frame_ancestors)
    frame_ancestors_ += " " + ancestor;
  frame_ancestors_of_hosts_ = frame_ancestors_ + " " + config_.public_url->origin();
  portal_url_ = config_.public_url->origin() + portal_path_;
  hosts_.push_back(from_url(*config_.public_url, nullptr));
  hosts_.back().is_public = true;
  for (const config::App& app : config_.apps) {
    if (app.public_url) hosts_.push_back(from_url(*app.public_url, &app));
  }
  for (const std::string& host : config_.hosts)
    hosts_.push_back(from_authority(host));
}

const OwnHost* Site::own_host(const http::Request& request) const {
  const http::Authority& asked = request.head.authority;
  for (const OwnHost& host : hosts_) {
    if (is_meant(host, asked)) return &host;
  }
  if (!request.over_loopback || asked.port_or(80) != request.local_port) return nullptr;
  bool loopback_name =
      asked.host == "localhost" || asked.host == "127.0.0.1" || asked.host == "[::1]";
  return loopback_name ? &loopback_ : nullptr;
}

bool is_same_origin(std::string_view origin, const http::Authority& asked, const OwnHost& own) {
  bool https = origin.starts_with("https://");
  if (!https && !origin.starts_with("http://")) return false;
  if (!own.any_scheme && https != own.https) return false;
  std::string_view rest = origin.substr(https ? 8 : 7);
  std::array<char, 300> room;
  if (rest.size() > room.size()) return false;
  std::memcpy(room.data(), rest.data(), rest.size());
  auto theirs = http::parse_authority({room.data(), rest.size()});
  if (!theirs) return false;
  std::uint16_t port = standard_port(https);
  return theirs->host == asked.host && theirs->port_or(port) == asked.port_or(port);
}

}  // namespace signet::gateway
