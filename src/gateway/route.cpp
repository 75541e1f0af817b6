#include "gateway/route.h"

#include <cstring>

namespace signet::gateway {

namespace {

std::string_view join(runtime::Arena& arena, std::string_view a, std::string_view b) {
  char* memory = arena.make_array<char>(a.size() + b.size());
  std::memcpy(memory, a.data(), a.size());
  std::memcpy(memory + a.size(), b.data(), b.size());
  return {memory, a.size() + b.size()};
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/';
}

Route redirect(std::string_view to, int status, bool keeps_query) {
  Route route;
  route.place = Place::redirect;
  route.path = to;
  route.redirect_status = status;
  route.keeps_query = keeps_query;
  return route;
}

constexpr NoRoute kUnknownRoute{watch::Refusal::unknown_route, 403, "PERMISSION_DENIED",
                                "This address is not one that the gateway knows."};

std::expected<Route, NoRoute> in_app(const http::Request& request, const config::App& app,
                                     std::string_view mount, std::string_view path) {
  Route route;
  route.app = &app;
  route.mount = mount;
  route.path = path;
  route.operation = access::find(request.head.method, path);
  if (!route.operation) return std::unexpected(kUnknownRoute);
  if (route.operation->is_artifact_path && http::second_decode_would_change(path)) {
    return std::unexpected(NoRoute{watch::Refusal::bad_request, 400, "BAD_REQUEST",
                                   "An artifact path is percent-encoded twice."});
  }
  return route;
}

// /apps/NAME and what is below it.
std::expected<Route, NoRoute> named_app(const http::Request& request, const Site& site,
                                        std::string_view path) {
  std::string_view name = path.substr(std::strlen("/apps/"));
  std::size_t slash = name.find('/');
  const config::App* app = site.config().app(name.substr(0, slash));
  if (app == nullptr) {
    return std::unexpected(NoRoute{watch::Refusal::none, 404, "RESOURCE_DOES_NOT_EXIST",
                                   "There is no app of this name."});
  }
  if (slash == std::string_view::npos) {
    return redirect(join(request.arena, path, "/"), 308, true);
  }
  std::string_view mount = path.substr(0, path.size() - name.size() + slash);
  return in_app(request, *app, mount, path.substr(mount.size()));
}

bool is_default_apps(std::string_view path) {
  return is_below(path, "/api") || is_below(path, "/ajax-api") || path == "/graphql" ||
         path == "/get-artifact" || path == "/model-versions/get-artifact" ||
         path == "/v1/traces" || path == "/version";
}

bool is_of_sign_in(std::string_view path) {
  return path == "/signet/sign-in" || path == "/signet/sign-out" || path == "/signet/device" ||
         is_below(path, "/signet/callback") || is_below(path, "/signet/backchannel-logout");
}

}  // namespace

std::expected<Route, NoRoute> find_route(const http::Request& request, const OwnHost& host,
                                         const Site& site) {
  std::string_view path = request.head.target.path;
  Route route;
  // An app's own host is that app's and nothing else's.
  if (host.app != nullptr) return in_app(request, *host.app, "", path);
  if (is_below(path, "/signet/api/v1")) {
    route.place = Place::portal_api;
    route.path = path;
    return route;
  }
  if (is_below(path, "/signet/static")) {
    route.place = Place::static_file;
    route.path = path;
    return route;
  }
  if (is_of_sign_in(path)) {
    route.place = Place::sign_in;
    route.path = path;
    return route;
  }
  if (is_below(path, "/apps")) return named_app(request, site, path);
  if (is_default_apps(path)) return in_app(request, site.config().default_app(), "", path);
  if (path == "/") return redirect("/app", 302, false);
  if (path == "/app" || is_below(path, "/app")) {
    route.place = Place::portal;
    route.path = path;
    return route;
  }
  if (path == "/mlflow-ui") return redirect("/mlflow-ui/", 308, true);
  if (is_below(path, "/mlflow-ui")) {
    std::string_view mount = path.substr(0, std::strlen("/mlflow-ui"));
    return in_app(request, site.config().default_app(), mount, path.substr(mount.size()));
  }
  return std::unexpected(kUnknownRoute);
}

}  // namespace signet::gateway
