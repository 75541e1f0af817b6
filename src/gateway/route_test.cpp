#include "gateway/route.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/site.h"
#include "http/request_parser.h"
#include "runtime/event_loop.h"

namespace signet::gateway {
namespace {

config::Config a_config() {
  config::Config config;
  config.public_url = *config::parse_url("https://mlflow.example.com");
  config.hosts = {"other.example.com"};
  for (const char* name : {"research", "own"}) {
    config::App& app = config.apps.emplace_back();
    app.name = app.title = name;
    app.endpoint = *config::parse_url("http://127.0.0.1:5000");
  }
  config.apps[0].is_default = true;
  config.apps[1].public_url = *config::parse_url("https://own.example.com");
  return config;
}

class RouteTest : public ::testing::Test {
 protected:
  // "place path", or the status and the refusal.
  std::string found(const std::string& host, const std::string& target,
                    const std::string& method = "GET") {
    const std::string head = method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    runtime::Arena arena(loop.blocks());
    http::Request request(loop, arena);
    std::string block = head;
    http::RequestParser parser(arena, {});
    auto progress = parser.parse(block.data(), block.size());
    if (!progress || !progress->complete) return "unreadable";
    request.head = std::move(parser.head());
    const OwnHost* own = site.own_host(request);
    if (own == nullptr) return "no host";
    const auto route = find_route(request, *own, site);
    if (!route) {
      return std::to_string(route.error().status) + " " +
             std::string(watch::to_string(route.error().refusal));
    }
    return std::string(name_of(route->place)) + " " + std::string(route->path);
  }
  static std::string_view name_of(Place place) {
    switch (place) {
      case Place::health: return "health";
      case Place::redirect: return "redirect";
      case Place::portal: return "portal";
      case Place::portal_api: return "portal-api";
      case Place::static_file: return "static";
      case Place::sign_in: return "sign-in";
      case Place::app: break;
    }
    return "app";
  }

  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  Site site{a_config()};
};

TEST_F(RouteTest, PlacesOfSigningIn) {
  struct Row {
    const char* target;
    const char* expected;
  };
  const char* unknown = "403 unknown-route";
  for (const Row& row : std::vector<Row>{
           {"/signet/sign-in", "sign-in /signet/sign-in"},
           {"/signet/sign-in?provider=corp&return=%2Fapp", "sign-in /signet/sign-in"},
           {"/signet/sign-out", "sign-in /signet/sign-out"},
           {"/signet/device", "sign-in /signet/device"},
           {"/signet/callback/corp?code=a&state=b", "sign-in /signet/callback/corp"},
           {"/signet/callback/corp/more", "sign-in /signet/callback/corp/more"},
           {"/signet/callback/", "sign-in /signet/callback/"},
           {"/signet/backchannel-logout/corp", "sign-in /signet/backchannel-logout/corp"},
           {"/signet/static/session-watch.js", "static /signet/static/session-watch.js"},
           {"/signet/static/a/b.css", "static /signet/static/a/b.css"},
           {"/signet/static/", "static /signet/static/"},
           {"/signet/api/v1/me", "portal-api /signet/api/v1/me"},
           // Everything else below /signet is nothing.
           {"/signet", unknown},
           {"/signet/", unknown},
           {"/signet/sign-in/", unknown},
           {"/signet/sign-in/corp", unknown},
           {"/signet/sign-out/", unknown},
           {"/signet/sign-outs", unknown},
           {"/signet/device/", unknown},
           {"/signet/callback", unknown},
           {"/signet/callbacks/corp", unknown},
           {"/signet/backchannel-logout", unknown},
           {"/signet/static", unknown},
           {"/signet/statics/a.js", unknown},
           {"/signet/api", unknown},
           {"/signet/api/v1", unknown},
           {"/signet/api/v2/me", unknown},
           // Case counts, and nothing leads here by another spelling of the path.
           {"/Signet/sign-in", unknown},
           {"/signet/Sign-In", unknown},
           {"/signet/CALLBACK/corp", unknown},
           {"/signet/x/../sign-in", "sign-in /signet/sign-in"},
           {"/signet/%73ign-in", "sign-in /signet/sign-in"},
           {"/signet/sign%2Din", "sign-in /signet/sign-in"},
           {"/signet%2Fsign-in", unknown},
           {"/apps/research/signet/sign-in", unknown},
           {"/mlflow-ui/signet/callback/corp", unknown}}) {
    const std::string got = found("mlflow.example.com", row.target);
    // A strict parser may refuse a spelling outright, which is as good.
    if (got == "unreadable") continue;
    EXPECT_EQ(got, row.expected) << row.target;
  }
}

TEST_F(RouteTest, TheMethodIsNotTheRoutesBusiness) {
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(found("mlflow.example.com", "/signet/sign-out", method), "sign-in /signet/sign-out");
  }
}

// Cookies are of one host: another host of ours leads to the first, an app's own has none of this.
TEST_F(RouteTest, AnAppsOwnHostSignsNobodyIn) {
  EXPECT_EQ(found("other.example.com", "/signet/sign-in"), "sign-in /signet/sign-in");
  for (const char* target : {"/signet/sign-in", "/signet/sign-out", "/signet/callback/corp",
                             "/signet/device", "/signet/backchannel-logout/corp",
                             "/signet/static/session-watch.js", "/signet/api/v1/me"}) {
    EXPECT_EQ(found("own.example.com", target), "403 unknown-route") << target;
  }
}

}  // namespace
}  // namespace signet::gateway
