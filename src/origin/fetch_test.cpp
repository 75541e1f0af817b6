#include "origin/fetch.h"

#include <gtest/gtest.h>

#include "origin/certificates.h"
#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using namespace std::chrono_literals;
using http::FetchError;

struct Fetched {
  bool done = false;
  std::expected<http::FetchAnswer, http::FetchFailure> result;
};

runtime::Task<void> fetch(http::Fetcher& fetcher, http::FetchRequest request,
                          runtime::Time deadline, Fetched& fetched) {
  fetched.result = co_await fetcher.fetch(std::move(request), deadline);
  fetched.done = true;
}

struct FetchRig : Rig {
  Identity authority = make_identity({}, nullptr);
  runtime::TlsClientContext tls{
      write_pem(authority, testing::TempDir() + "signet-fetch-test-ca.pem")};
  OriginFetcher fetcher{loop, resolver, tls, {}};

  explicit FetchRig(std::vector<Script> scripts = {{}}, SSL_CTX* server = nullptr)
      : Rig(std::move(scripts), server) {}
  ~FetchRig() { tasks.reset(); }

  std::string url(const std::string& rest, const std::string& scheme = "http") const {
    return scheme + "://sts.test:" + std::to_string(upstream->port()) + rest;
  }
  Fetched fetch_now(http::FetchRequest request) {
    Fetched fetched;
    tasks->start(fetch(fetcher, std::move(request), loop.now() + 10s, fetched));
    EXPECT_TRUE(turn_until([&] { return fetched.done; }));
    return fetched;
  }
};

http::FetchRequest get(std::string url) {
  http::FetchRequest request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

TEST(Fetch, PostsAndReadsTheWholeAnswer) {
  FetchRig rig({{head(), body(9),
                 send("HTTP/1.1 200 OK\r\nX-Id: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n"),
                 head(), send(ok("again")), drain()}});
  http::FetchRequest request;
  request.method = "POST";
  request.url = rig.url("/?Action=AssumeRole");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"x-a", "b"}};
  request.body = "a=1&b=%20";
  Fetched fetched = rig.fetch_now(request);
  ASSERT_TRUE(fetched.result) << fetched.result.error().detail;
  EXPECT_EQ(fetched.result->status, 200u);
  EXPECT_EQ(fetched.result->body, "<a></a>");
  EXPECT_EQ(fetched.result->headers[0], (std::pair<std::string, std::string>{"x-id", "1"}));
  EXPECT_EQ(rig.upstream->heads[0],
            "POST /?Action=AssumeRole HTTP/1.1\r\nhost: sts.test:" +
                std::to_string(rig.upstream->port()) +
                "\r\ncontent-type: application/x-www-form-urlencoded\r\nx-a: b\r\n"
                "content-length: 9\r\n\r\n");
  EXPECT_EQ(rig.upstream->bodies, "a=1&b=%20");
  EXPECT_EQ(rig.fetch_now(get(rig.url("/b"))).result->body, "again");
  EXPECT_EQ(rig.upstream->connections, 1u);
}

TEST(Fetch, FollowsNoRedirect) {
  FetchRig rig({{head(),
                 send("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
                      "Content-Length: 0\r\n\r\n"),
                 drain()}});
  const Fetched fetched = rig.fetch_now(get(rig.url("/a")));
  ASSERT_TRUE(fetched.result);
  EXPECT_EQ(fetched.result->status, 302u);
  EXPECT_EQ(rig.upstream->heads.size(), 1u);
}

TEST(Fetch, RefusesUrlsThatAreNone) {
  FetchRig rig;
  for (const char* url :
       {"", "ftp://a.test/", "//a.test/", "https:/a.test", "http://", "http://user@a.test/",
        "http://a.test:0/", "http://a.test:99999/", "http://a.test/a b", "http://a.test/a\r\nb",
        "http://a.test/#f", "http://a test/", "http://[::1/", "HTTP://a.test/"}) {
    SCOPED_TRACE(url);
    const Fetched fetched = rig.fetch_now(get(url));
    ASSERT_FALSE(fetched.result);
    EXPECT_EQ(fetched.result.error().error, FetchError::bad_url);
    EXPECT_FALSE(fetched.result.error().detail.empty());
  }
  http::FetchRequest request = get(rig.url("/"));
  request.headers = {{"Host", "other"}};
  EXPECT_EQ(rig.fetch_now(request).result.error().error, FetchError::bad_url);
  EXPECT_TRUE(rig.upstream->heads.empty());
}

struct Row {
  const char* name;
  Script script;
  FetchError error;
};

TEST(Fetch, SaysWhatWentWrong) {
  const std::string mebibyte(1024 * 1024, 'x');
  const std::vector<Row> rows{
      {"ends at once", {head()}, FetchError::lost},
      {"not HTTP", {head(), send("SSH-2.0-x\r\n\r\n"), drain()}, FetchError::bad_response},
      {"ends inside the body",
       {head(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")},
       FetchError::lost},
      {"bad chunk",
       {head(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nq"), drain()},
       FetchError::bad_response},
      {"over a mebibyte", {head(), send(ok(mebibyte + "x")), drain()}, FetchError::bad_response},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FetchRig rig({row.script});
    const Fetched fetched = rig.fetch_now(get(rig.url("/")));
    ASSERT_FALSE(fetched.result);
    EXPECT_EQ(fetched.result.error().error, row.error);
    EXPECT_FALSE(fetched.result.error().detail.empty());
  }
  FetchRig rig({{head(), send(ok(mebibyte)), drain()}});
  EXPECT_EQ(rig.fetch_now(get(rig.url("/"))).result->body.size(), mebibyte.size());
  rig.resolver.addresses.clear();
  EXPECT_EQ(rig.fetch_now(get("http://none.test/")).result.error().error, FetchError::unreachable);
}

TEST(Fetch, EndsAtItsDeadline) {
  for (const char* sent : {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    FetchRig rig({{head(), send(sent), drain()}});
    Fetched fetched;
    rig.tasks->start(fetch(rig.fetcher, get(rig.url("/")), rig.loop.now() + 10s, fetched));
    rig.settle();
    rig.clock.advance(9900ms);
    rig.settle();
    EXPECT_FALSE(fetched.done);
    rig.clock.advance(200ms);
    ASSERT_TRUE(rig.turn_until([&] { return fetched.done; }));
    EXPECT_EQ(fetched.result.error().error, FetchError::timed_out);
    rig.settle();
    EXPECT_EQ(rig.upstream->connections_ended, 1u);
  }
}

TEST(Fetch, VerifiesTls) {
  for (const char* name : {"DNS:sts.test", "DNS:other.test"}) {
    FetchRig rig;
    const Identity server = make_identity({name}, &rig.authority);
    const ServerContext tls = make_server(server);
    rig.upstream = std::make_unique<ScriptedOrigin>(
        rig.loop, std::vector<Script>{{head(), send(ok("x"))}}, tls.get());
    rig.resolver.addresses = {rig.upstream->address()};
    const Fetched fetched = rig.fetch_now(get(rig.url("/", "https")));
    if (std::string_view(name) == "DNS:sts.test") {
      ASSERT_TRUE(fetched.result);
      EXPECT_EQ(fetched.result->body, "x");
    } else {
      ASSERT_FALSE(fetched.result);
      EXPECT_EQ(fetched.result.error().error, FetchError::unreachable);
      EXPECT_NE(fetched.result.error().detail.find("mismatch"), std::string::npos);
    }
    rig.tasks.reset();
    rig.upstream.reset();
  }
}

// What a proxy may answer to CONNECT instead of a tunnel.
TEST(Fetch, SaysWhatIsWrongWithTheProxy) {
  struct Row {
    const char* name;
    Script script;
    const char* says;
  };
  const std::vector<Row> rows{
      {"wants credentials",
       {head(), send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), drain()},
       "the proxy answered 407 to CONNECT"},
      {"is none", {head(), send("220 smtp\r\n\r\n"), drain()}, "does not speak HTTP/1"},
      {"a status of letters", {head(), send("HTTP/1.1 2x0 OK\r\n\r\n"), drain()}, "HTTP/1"},
      {"a status of four digits", {head(), send("HTTP/1.1 2000 OK\r\n\r\n"), drain()}, "HTTP/1"},
      {"says more",
       {head(), send("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n"), drain()},
       "sent more than its answer"},
      {"never ends",
       {head(), send("HTTP/1.1 200 OK\r\nx: " + std::string(9000, 'x')), drain()},
       "too long a head"},
      {"goes away", {head()}, "closed the connection"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FetchRig rig({row.script});
    config::OutboundProxy proxy;
    proxy.host = "proxy.test";
    proxy.port = rig.upstream->port();
    rig.fetcher.change(rig.tls, {}, proxy);
    const Fetched fetched = rig.fetch_now(get("https://sts.test/"));
    ASSERT_FALSE(fetched.result);
    EXPECT_EQ(fetched.result.error().error, FetchError::unreachable);
    EXPECT_NE(fetched.result.error().detail.find(row.says), std::string::npos)
        << fetched.result.error().detail;
    EXPECT_EQ(rig.upstream->heads[0],
              "CONNECT sts.test:443 HTTP/1.1\r\nHost: sts.test:443\r\n\r\n");
  }
}

TEST(Fetch, ForgetsHostsThatNobodyUses) {
  Script script;
  for (int i = 0; i < 2; ++i) {
    script.push_back(head());
    script.push_back(send(ok("x")));
  }
  script.push_back(drain());
  FetchRig rig({script});
  for (int i = 0; i < 100; ++i) {
    const std::string url =
        "http://host-" + std::to_string(i) + ".test:" + std::to_string(rig.upstream->port()) + "/";
    ASSERT_TRUE(rig.fetch_now(get(url)).result);
  }
  rig.settle();
  EXPECT_GE(rig.upstream->connections_ended, 60u);
}

}  // namespace
}  // namespace signet::origin
