#include "gateway/explain.h"

#include <optional>

#include <fmt/format.h>

#include "config/load.h"
#include "gateway/route.h"
#include "gateway/site.h"
#include "http/request_parser.h"
#include "runtime/event_loop.h"

namespace signet::gateway {

namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts)
    all += (all.empty() ? "" : ", ") + text;
  return all;
}

std::string rule_text(const config::Config& config, std::uint16_t index) {
  const config::Rule& rule = config.access.rules[index];
  return fmt::format("access.rules[{}] ({}:{}:{})", index, config.file, rule.place.line,
                     rule.place.column);
}

std::string why(const access::Decision& decision, const config::Config& config,
                const Route& route) {
  const std::string_view operation = route.operation->operation;
  const std::string_view has = config::to_string(decision.has);
  const std::string_view needs = config::to_string(decision.needs);
  switch (decision.reason) {
    case access::Reason::open: return "there is no identity: everybody may do everything";
    case access::Reason::any_person:
      return fmt::format("{} is for everybody who is known", operation);
    case access::Reason::admin: return "an administrator by access.admins";
    case access::Reason::rule:
      return fmt::format("{} gives {}, and {} takes {}", rule_text(config, decision.rule), has,
                         operation, needs);
    case access::Reason::too_little:
      return fmt::format("{} gives {}, but {} takes {}", rule_text(config, decision.rule), has,
                         operation, needs);
    case access::Reason::forbidden:
      return fmt::format("{} says NO_PERMISSIONS, which no other rule outweighs",
                         rule_text(config, decision.rule));
    case access::Reason::no_rule:
      return fmt::format("no rule gives anything on app {}, and {} takes {}", route.app->name,
                         operation, needs);
    case access::Reason::not_admin:
      return fmt::format("{} is for administrators (access.admins)", operation);
    case access::Reason::token_app:
    case access::Reason::token_too_little: break;
  }
  return std::string(to_string(decision.reason));
}

// The place of a request that goes to no app.
std::string_view place_text(Place place) {
  switch (place) {
    case Place::health: return "the health of the gateway, for everybody";
    case Place::redirect: return "a redirect, for everybody";
    case Place::static_file: return "a file of the portal, for everybody";
    case Place::portal: return "the portal's files, for everybody";
    case Place::sign_in: return "a part of signing in and out, for everybody";
    case Place::portal_api: return "the portal's API, for everybody who is known";
    case Place::app: break;
  }
  return "an app";
}

}  // namespace

int explain(const ExplainOptions& options, const config::Environment& environment,
            std::ostream& out, std::ostream& err) {
  auto config = config::load(options.config_path, environment);
  if (!config) {
    for (const config::Problem& problem : config.error())
      err << problem.text() << '\n';
    return 2;
  }
  if (!config->public_url) config->public_url = *config::parse_url("http://127.0.0.1:8080");
  const Site site(std::move(*config));

  runtime::SystemClock clock;
  runtime::EventLoop loop(clock);
  runtime::Arena arena(loop.blocks());
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", options.method, options.path,
                                 site.config().public_url->authority());
  http::RequestParser parser(arena, {});
  auto progress = parser.parse(head.data(), head.size());
  if (!progress || !progress->complete) {
    err << fmt::format("signet: \"{} {}\" is refused as malformed: {}\n", options.method,
                       options.path,
                       progress ? "the head does not end" : http::describe(progress.error()));
    return 2;
  }
  http::Request request(loop, arena);
  request.head = std::move(parser.head());
  const OwnHost* host = site.own_host(request);
  auto route = host == nullptr ? std::unexpected(NoRoute{watch::Refusal::wrong_host, 421, "", ""})
                               : find_route(request, *host, site);
  out << fmt::format("request    {} {}\n", options.method, request.head.target.path);
  if (!route) {
    out << fmt::format("decision   deny: {} {}\n", route.error().status, route.error().message);
    return 0;
  }
  if (route->place != Place::app) {
    out << fmt::format("route      {}\n", place_text(route->place));
    return 0;
  }
  out << fmt::format("route      app {}, {}\n", route->app->name, route->path);
  out << fmt::format("operation  {} (resource {}, class {})\n", route->operation->operation,
                     route->operation->resource, to_string(route->operation->access));
  const std::string person = config::person_id(options.person);
  out << fmt::format("person     {}{}\n", person,
                     options.groups.empty() ? "" : " in " + joined(options.groups));
  const auto app = static_cast<std::size_t>(route->app - site.config().apps.data());
  const access::Decision decision =
      site.rules().decide({person, options.groups}, app, route->operation->access);
  out << fmt::format("decision   {}: {}\n", decision.allowed ? "allow" : "deny",
                     why(decision, site.config(), *route));
  return 0;
}

}  // namespace signet::gateway
