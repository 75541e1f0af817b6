#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/answer_fields.h"
#include "gateway/cross_site.h"
#include "gateway/origin_error.h"
#include "gateway/page_editor.h"
#include "gateway/request_fields.h"
#include "gateway/route.h"
#include "gateway/site.h"
#include "gateway/ui_version.h"
#include "http/request_parser.h"
#include "runtime/event_loop.h"

namespace signet::gateway {
namespace {

config::App app_of(std::string name, config::Kind kind, std::string_view endpoint) {
  config::App app;
  app.name = std::move(name);
  app.title = app.name;
  app.kind = kind;
  app.endpoint = *config::parse_url(endpoint);
  if (app.is_signed()) {
    app.arn = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A";
    app.region = "eu-west-1";
  } else {
    app.authorization = config::Secret("Basic b3JpZ2luOnB3");
  }
  return app;
}

config::Config a_config() {
  config::Config config;
  config.public_url = *config::parse_url("https://mlflow.example.com");
  config.hosts = {"mlflow.internal:8443", "short"};
  config.apps.push_back(app_of("research", config::Kind::sagemaker_app, "https://m.example.com"));
  config.apps.push_back(app_of("sandbox", config::Kind::mlflow, "http://127.0.0.1:5000/base"));
  config.apps.push_back(app_of("own", config::Kind::mlflow, "http://127.0.0.1:5001"));
  config.apps[0].is_default = true;
  config.apps[2].public_url = *config::parse_url("https://own.example.com");
  config.embedding.frame_ancestors = {"https://intranet.example.com"};
  return config;
}

class GatewayTest : public ::testing::Test {
 protected:
  // Parses a head; its block and arena live as long as the test.
  http::Request& request(const std::string& head, std::uint16_t port = 8080, bool loopback = true) {
    parts_.push_back(std::make_unique<Parts>(loop_, head));
    Parts& parts = *parts_.back();
    http::RequestParser parser(parts.arena, {});
    auto progress = parser.parse(parts.block.data(), parts.block.size());
    EXPECT_TRUE(progress && progress->complete) << head;
    parts.request.head = std::move(parser.head());
    parts.request.local_port = port;
    parts.request.over_loopback = loopback;
    return parts.request;
  }
  http::Request& get(const std::string& host, const std::string& target,
                     const std::string& fields = "") {
    return request("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n");
  }

  struct Parts {
    Parts(runtime::EventLoop& loop, const std::string& head)
        : block(head), arena(loop.blocks()), request(loop, arena) {}
    std::string block;
    runtime::Arena arena;
    http::Request request;
  };
  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  Site site_{a_config()};
  std::vector<std::unique_ptr<Parts>> parts_;
};

TEST_F(GatewayTest, AnswersOnlyToItsOwnHosts) {
  struct Row {
    const char* host;
    bool ours;
  };
  for (const Row& row : std::vector<Row>{{"mlflow.example.com", true},
                                         {"mlflow.example.com:443", true},
                                         {"mlflow.example.com:80", false},
                                         {"mlflow.example.com:8080", false},
                                         {"own.example.com", true},
                                         {"mlflow.internal:8443", true},
                                         {"mlflow.internal", false},
                                         {"short", true},
                                         {"short:443", true},
                                         {"short:81", false},
                                         {"localhost:8080", true},
                                         {"127.0.0.1:8080", true},
                                         {"[::1]:8080", true},
                                         {"127.0.0.1:8081", false},
                                         {"127.0.0.1", false},
                                         {"127.0.0.2:8080", false},
                                         {"evil.example.com", false},
                                         {"mlflow.example.com.evil.com", false},
                                         {"localhost.evil.com:8080", false}}) {
    EXPECT_EQ(site_.own_host(get(row.host, "/")) != nullptr, row.ours) << row.host;
  }
  http::Request& outside = request("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", 8080, false);
  EXPECT_EQ(site_.own_host(outside), nullptr);
}

TEST_F(GatewayTest, FindsRoutes) {
  struct Row {
    const char* host;
    const char* target;
    const char* expected;  // place app mount path | status refusal | redirect
  };
  const char* main_host = "mlflow.example.com";
  for (const Row& row : std::vector<Row>{
           {main_host, "/", "redirect 302 /app"},
           {main_host, "/app", "portal /app"},
           {main_host, "/app/research/experiments/7", "portal /app/research/experiments/7"},
           {main_host, "/apps/sandbox", "redirect 308 /apps/sandbox/"},
           {main_host, "/apps/sandbox/", "app sandbox /apps/sandbox /"},
           {main_host, "/apps/sandbox/version", "app sandbox /apps/sandbox /version"},
           {main_host, "/apps/nobody/", "404 none"},
           {main_host, "/apps/", "404 none"},
           {main_host, "/apps/Sandbox/", "404 none"},
           {main_host, "/mlflow-ui", "redirect 308 /mlflow-ui/"},
           {main_host, "/mlflow-ui/", "app research /mlflow-ui /"},
           {main_host, "/mlflow-ui/ajax-api/2.0/mlflow/experiments/search",
            "app research /mlflow-ui /ajax-api/2.0/mlflow/experiments/search"},
           {main_host, "/api/2.0/mlflow/runs/get?run_id=x",
            "app research  /api/2.0/mlflow/runs/get"},
           {main_host, "/version", "app research  /version"},
           {main_host, "/get-artifact?path=a&run_uuid=b", "app research  /get-artifact"},
           {main_host, "/API/2.0/mlflow/runs/get", "403 unknown-route"},
           {main_host, "/api/2.0/mlflow/runs/get/", "403 unknown-route"},
           {main_host, "/api/2.0/mlflow/nothing", "403 unknown-route"},
           {main_host, "/static-files/main.js", "403 unknown-route"},
           {main_host, "/signet/api/v1/apps", "portal-api /signet/api/v1/apps"},
           {main_host, "/signet/other", "403 unknown-route"},
           {main_host, "/appsx", "403 unknown-route"},
           {main_host, "/apps/sandbox/api/2.0/mlflow-artifacts/artifacts/a%2541",
            "400 bad-request"},
           {"own.example.com", "/", "app own  /"},
           {"own.example.com", "/apps/sandbox/", "403 unknown-route"},
           {"own.example.com", "/app", "403 unknown-route"}}) {
    http::Request& asked = get(row.host, row.target);
    auto route = find_route(asked, *site_.own_host(asked), site_);
    std::string found;
    if (!route) {
      std::string_view refusal = watch::to_string(route.error().refusal);
      found = std::to_string(route.error().status) + " " +
              std::string(refusal.empty() ? "none" : refusal);
    } else if (route->place == Place::redirect) {
      found = "redirect " + std::to_string(route->redirect_status) + " " + std::string(route->path);
    } else if (route->place == Place::portal) {
      found = "portal " + std::string(route->path);
    } else if (route->place == Place::portal_api) {
      found = "portal-api " + std::string(route->path);
    } else {
      found = "app " + route->app->name + " " + std::string(route->mount) + " " +
              std::string(route->path);
    }
    EXPECT_EQ(found, row.expected) << row.target;
  }
}

TEST_F(GatewayTest, RefusesWhatAnotherSiteSends) {
  struct Row {
    const char* method;
    const char* fields;
    bool refused;
  };
  for (const Row& row : std::vector<Row>{
           {"POST", "", false},
           {"POST", "Origin: https://mlflow.example.com\r\n", false},
           {"POST", "Origin: https://mlflow.example.com:443\r\n", false},
           {"POST", "Origin: http://mlflow.example.com\r\n", true},
           {"POST", "Origin: https://mlflow.example.com:8443\r\n", true},
           {"POST", "Origin: https://own.example.com\r\n", true},
           {"POST", "Origin: null\r\n", true},
           {"POST", "Origin:\r\n", true},
           {"POST", "Origin: https://mlflow.example.com.evil.com\r\n", true},
           {"POST", "Origin: https://mlflow.example.com@evil.com\r\n", true},
           {"POST", "Origin: https://mlflow.example.com\r\nOrigin: https://mlflow.example.com\r\n",
            true},
           {"POST", "Sec-Fetch-Site: same-origin\r\n", false},
           {"POST", "Sec-Fetch-Site: none\r\n", false},
           {"POST", "Sec-Fetch-Site: same-site\r\n", true},
           {"POST", "Sec-Fetch-Site: cross-site\r\n", true},
           {"POST", "Sec-Fetch-Site: cross-site\r\nOrigin: https://mlflow.example.com\r\n", true},
           {"PUT", "Origin: https://evil.com\r\n", true},
           {"PATCH", "Origin: https://evil.com\r\n", true},
           {"DELETE", "Origin: https://evil.com\r\n", true},
           {"FOO", "Origin: https://evil.com\r\n", true},
           {"GET", "Origin: https://evil.com\r\nSec-Fetch-Site: cross-site\r\n", false},
           {"HEAD", "Origin: https://evil.com\r\n", false},
           {"OPTIONS", "Origin: https://evil.com\r\n", false}}) {
    http::Request& asked =
        request(std::string(row.method) + " /x HTTP/1.1\r\nHost: mlflow.example.com\r\n" +
                row.fields + "\r\n");
    EXPECT_EQ(cross_site_reason(asked.head, *site_.own_host(asked)).has_value(), row.refused)
        << row.method << " " << row.fields;
  }
}

std::string names(const http::Fields& fields) {
  std::string all;
  for (const http::Field& field : fields) {
    all += std::string(field.name) + "=" + std::string(field.value) + ";";
  }
  return all;
}

constexpr const char* kEverything =
    "Accept: */*\r\nCookie: a=b\r\nAuthorization: Bearer secret\r\nOrigin: https://x\r\n"
    "Referer: https://x/\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-User: root\r\n"
    "Forwarded: for=1\r\nx-amz-date: 1\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n"
    "X-Amzn-Oidc-Data: jwt\r\nx-sm-mlflow-app-arn: victim\r\n"
    "X-Mlflow-Sm-Tracking-Server-Arn: victim\r\nX-HTTP-Method-Override: DELETE\r\n"
    "X-Original-URL: /admin\r\nX-Mlflow-Workspace: w\r\nX-Signet-Person: root\r\nTE: trailers\r\n"
    "Connection: keep-alive, x-private, x-request-id\r\nX-Private: 1\r\nUpgrade: h2c\r\n"
    "Proxy-Authorization: Basic x\r\nX_Forwarded_For: 6.6.6.6\r\nX-Request-Id: theirs\r\n"
    "User-Agent: test\r\nX-Mlflow-Experiment-Id: 7\r\nX-Unknown: kept\r\n"
    "Traceparent: theirs\r\nX-Real-IP: 1.1.1.1\r\n";

TEST_F(GatewayTest, PassesOnOnlyWhatMayPass) {
  http::Request& asked = get("mlflow.example.com", "/x", kEverything);
  OwnFields own;
  own.request_id = "id";
  own.traceparent = "trace";
  own.client_address = "9.9.9.9";
  http::Fields to_signed(asked.arena);
  add_request_fields(asked.head.fields, site_.config().apps[0], own, to_signed);
  EXPECT_EQ(names(to_signed),
            "accept=*/*;user-agent=test;x-mlflow-experiment-id=7;"
            "x-sm-mlflow-app-arn=arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-A;"
            "x-request-id=id;traceparent=trace;");
  http::Fields to_plain(asked.arena);
  add_request_fields(asked.head.fields, site_.config().apps[1], own, to_plain);
  EXPECT_EQ(names(to_plain),
            "accept=*/*;user-agent=test;x-mlflow-experiment-id=7;x-unknown=kept;"
            "authorization=Basic b3JpZ2luOnB3;x-forwarded-for=9.9.9.9;x-request-id=id;"
            "traceparent=trace;");
}

class AnswerTest : public GatewayTest {
 protected:
  std::string cleaned(const std::string& target, int status, bool edited = false,
                      bool needs_eval = false) {
    http::Request& asked = get("mlflow.example.com", target);
    Route route = *find_route(asked, *site_.own_host(asked), site_);
    http::Fields from(asked.arena);
    for (auto [name, value] : std::vector<std::pair<const char*, const char*>>{
             {"date", "x"},
             {"server", "uvicorn"},
             {"set-cookie", "a=b"},
             {"alt-svc", "h3"},
             {"strict-transport-security", "max-age=1"},
             {"clear-site-data", "*"},
             {"service-worker-allowed", "/"},
             {"refresh", "0"},
             {"link", "<x>"},
             {"nel", "{}"},
             {"report-to", "{}"},
             {"access-control-allow-origin", "*"},
             {"x-amzn-requestid", "r"},
             {"x-amz-cf-id", "r"},
             {"x-signet-refusal", "fake"},
             {"x-frame-options", "SAMEORIGIN"},
             {"content-security-policy", "none"},
             {"content-type", "text/html"},
             {"content-length", "5"},
             {"transfer-encoding", "chunked"},
             {"connection", "x-hop"},
             {"x-hop", "1"},
             {"etag", "\"e\""},
             {"cache-control", "public, max-age=2419200"},
             {"x-other", "kept"}}) {
      from.add(name, value);
    }
    http::Fields out(asked.arena);
    add_answer_fields(from, status, {asked, route, site_, "id", needs_eval}, edited, out);
    return names(out);
  }
};

TEST_F(AnswerTest, IsCleanedAndIsolatedByItsKind) {
  EXPECT_EQ(cleaned("/apps/sandbox/api/2.0/mlflow/runs/get", 200),
            "content-type=text/html;etag=\"e\";x-other=kept;cache-control=no-store;"
            "x-content-type-options=nosniff;"
            "content-security-policy=sandbox; default-src 'none';x-request-id=id;");
  EXPECT_EQ(cleaned("/apps/sandbox/static-files/a.js", 200),
            "content-type=text/html;etag=\"e\";cache-control=public, max-age=2419200;"
            "x-other=kept;x-content-type-options=nosniff;x-request-id=id;");
  EXPECT_EQ(cleaned("/apps/sandbox/get-artifact", 200),
            "content-type=text/html;etag=\"e\";x-other=kept;cache-control=no-store;"
            "x-content-type-options=nosniff;content-security-policy=sandbox; default-src 'none';"
            "cross-origin-resource-policy=same-origin;content-disposition=attachment;"
            "x-request-id=id;");
  std::string page = cleaned("/apps/sandbox/", 200, true);
  EXPECT_EQ(page.find("etag"), std::string::npos);
  EXPECT_NE(page.find("cache-control=no-cache;"), std::string::npos);
  EXPECT_NE(page.find("script-src mlflow.example.com/apps/sandbox/static-files/ "
                      "mlflow.example.com/signet/static/;"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("frame-ancestors 'self' https://intranet.example.com;"), std::string::npos);
  page = cleaned("/apps/sandbox/", 200, true, true);
  EXPECT_NE(page.find("mlflow.example.com/signet/static/ 'unsafe-eval';"), std::string::npos)
      << page;
}

TEST(UiVersion, OnlyWhatIsKnownToBeNewerMayNotEvaluateStrings) {
  for (const char* older : {"2.16.2", "3.10.1", "3.14.0", "3.9", "1.0", "3.14.0rc1"}) {
    EXPECT_TRUE(ui_needs_eval(older)) << older;
  }
  for (const char* newer : {"3.15.0", "3.17.2", "3.18.0.dev0", "3.100", "4.0", "10.1"}) {
    EXPECT_FALSE(ui_needs_eval(newer)) << newer;
  }
  for (const char* unknown : {"", "3", "3.", "3.x", "x", "-3.1", "3.-1", "99999999999.1"}) {
    EXPECT_TRUE(ui_needs_eval(unknown)) << unknown;
  }
}

TEST_F(AnswerTest, LocationsStayInsideTheMount) {
  http::Request& asked = get("mlflow.example.com", "/apps/sandbox/");
  Route route = *find_route(asked, *site_.own_host(asked), site_);
  AnswerContext context{asked, route, site_, "id", false};
  for (auto [from, to] : std::vector<std::pair<const char*, const char*>>{
           {"/base/ajax-api/3.0/jobs/", "/apps/sandbox/ajax-api/3.0/jobs/"},
           {"/version?a=b#c", "/apps/sandbox/version?a=b#c"},
           {"http://127.0.0.1:5000/base/x", "/apps/sandbox/x"},
           {"http://127.0.0.1:50000/base/x", ""},
           {"http://evil.com/", ""},
           {"//evil.com/", ""},
           {"/\\evil.com", ""},
           {"javascript:alert(1)", ""},
           {"relative", ""},
           {"/a/../../b", ""},
           {"/a?b\\c", ""},
           {"http://127.0.0.1:5000@evil.com/", ""},
           {"", ""}}) {
    EXPECT_EQ(location_for_client(from, context), to) << from;
  }
}

TEST(PageEditor, RebasesLinksFromTheRootAndNothingElse) {
  for (auto [from, to] : std::vector<std::pair<const char*, const char*>>{
           {"<script src=\"/static-files/a.js\"></script>",
            "<script src=\"./static-files/a.js\"></script>"},
           {"<link HREF='/static-files/a.css' rel=x>", "<link HREF='./static-files/a.css' rel=x>"},
           {"<link href=/a.css>", "<link href=./a.css>"},
           {"<script src=\"./static-files/a.js\">", "<script src=\"./static-files/a.js\">"},
           {"<a href=\"//other.host/x\">", "<a href=\"//other.host/x\">"},
           {"<a href=\"https://mlflow.org/\">", "<a href=\"https://mlflow.org/\">"},
           {"<!-- <a href=\"/x\"> -->", "<!-- <a href=\"/x\"> -->"},
           {"<script>var a = '<a href=\"/x\">';</script><a href=\"/y\">",
            "<script>var a = '<a href=\"/x\">';</script><a href=\"./y\">"},
           {"<p data-src=\"/x\">href=\"/y\"</p>", "<p data-src=\"/x\">href=\"/y\"</p>"},
           {"<a href = \"/x\" title='a > b'>", "<a href = \"./x\" title='a > b'>"},
           {"<a href=\"/unterminated", "<a href=\"./unterminated"},
           {"<", "<"},
           {"", ""}}) {
    EXPECT_EQ(edit_page(from), to);
  }
}

TEST(OriginError, SpeaksMlflowsShape) {
  config::App app = app_of("research", config::Kind::sagemaker_app, "https://m.example.com");
  EXPECT_FALSE(shape_origin_error(app, 404, "", "{\"error_code\": \"X\", \"message\": \"y\"}"));
  auto denied = shape_origin_error(app, 403, "AccessDeniedException:http://internal/",
                                   "{\"message\": \"no \\\"rights\\\"\"}");
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->status, 403);
  EXPECT_EQ(denied->body,
            "{\"error_code\": \"PERMISSION_DENIED\", \"message\": \"The MLflow of app research "
            "answered with status 403 (AccessDeniedException): no \\\"rights\\\"\"}\n");
  auto throttled = shape_origin_error(app, 400, "ThrottlingException", "{\"message\": \"slow\"}");
  EXPECT_EQ(throttled->status, 429);
  auto garbage = shape_origin_error(app, 500, "", "<html>");
  EXPECT_EQ(garbage->status, 500);
  EXPECT_NE(garbage->body.find("INTERNAL_ERROR"), std::string::npos);
  EXPECT_TRUE(blames_keys("ExpiredTokenException", ""));
  EXPECT_TRUE(blames_keys("", "{\"message\": \"ExpiredToken\"}"));
  EXPECT_FALSE(blames_keys("AccessDeniedException", "{\"message\": \"no\"}"));
}

}  // namespace
}  // namespace signet::gateway
