#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "access/endpoint.h"
#include "config/config.h"
#include "gateway/site.h"
#include "http/body.h"
#include "watch/refusal.h"

namespace signet::gateway {

// Where a request belongs (design §1.3 "Addresses").
enum class Place : std::uint8_t {
  health,
  redirect,     // to `path`, query kept where `keeps_query`
  portal,       // /app, /app/*
  portal_api,   // /signet/api/v1/…
  static_file,  // /signet/static/…: `path` is the whole path
  sign_in,      // the rest of /signet/…: `path` is the whole path
  app,          // an MLflow, at `path` below `mount`
};

struct Route {
  Place place = Place::app;
  const config::App* app = nullptr;  // Place::app
  std::string_view mount;            // "/apps/research", "/mlflow-ui", or "" at a root
  std::string_view path;             // below the mount; where to, for redirects
  int redirect_status = 302;
  bool keeps_query = false;
  access::Match operation;  // Place::app: the row of the endpoint table; set for known routes only
};

// Why a request goes nowhere. The message is fit for the caller.
struct NoRoute {
  watch::Refusal refusal;
  int status;
  std::string_view error_code;
  std::string_view message;
};

// Finds the place by host and normalised path. Paths are compared case-sensitively. Redirect texts
// live in the request's arena.
std::expected<Route, NoRoute> find_route(const http::Request& request, const OwnHost& host,
                                         const Site& site);

}  // namespace signet::gateway
