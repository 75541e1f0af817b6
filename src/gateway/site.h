#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/rules.h"
#include "config/config.h"
#include "http/body.h"
#include "portal_api/portal_api.h"

namespace signet::gateway {

// A host and port that is ours.
struct OwnHost {
  std::string host;        // as in Authority: lower case, IPv6 with brackets
  std::uint16_t port = 0;  // 0: the default port of either scheme
  bool https = false;
  bool any_scheme = false;           // TLS may end before us: the scheme is not known
  const config::App* app = nullptr;  // the app that has this host to itself, if any
  bool is_public = false;            // of public_url
};

// The addresses this gateway answers to. Built once from a configuration and then only read, by all
// loops.
class Site {
 public:
  // `config.public_url` is set.
  explicit Site(config::Config config);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const config::Config& config() const { return config_; }

  // Whom the request says it is talking to; null: not us (design §1.3 "Host"). A loopback listener
  // also answers to localhost, 127.0.0.1 and [::1] with its own port.
  const OwnHost* own_host(const http::Request& request) const;

  const portal_api::PortalApi& portal_api() const { return portal_api_; }
  const access::Rules& rules() const { return rules_; }
  // The Content-Security-Policy of the portal's pages.
  const std::string& portal_policy() const { return portal_policy_; }
  // The frame-ancestors of pages of `app`, null for others: an app with a host of its own is framed
  // by the portal, which is on another.
  const std::string& frame_ancestors(const config::App* app) const {
    return app != nullptr && app->public_url ? frame_ancestors_of_hosts_ : frame_ancestors_;
  }
  // Where the portal is for a page on `host`: a path, or on an app's own host a whole URL.
  const std::string& portal_link(const OwnHost* host) const {
    return host != nullptr && host->app != nullptr ? portal_url_ : portal_path_;
  }

 private:
  config::Config config_;
  portal_api::PortalApi portal_api_;
  access::Rules rules_;
  std::string portal_policy_;
  std::string frame_ancestors_;
  std::string frame_ancestors_of_hosts_;
  std::string portal_path_ = "/app";
  std::string portal_url_;
  std::vector<OwnHost> hosts_;
  OwnHost loopback_;
};

// Whether `origin`, the value of an Origin field, is the very origin the request was sent to.
// RFC 6454 §6.2; "null" never is.
bool is_same_origin(std::string_view origin, const http::Authority& asked, const OwnHost& own);

}  // namespace signet::gateway
