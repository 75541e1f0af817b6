#include <gtest/gtest.h>

#include "origin/certificates.h"
#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;
using namespace std::chrono_literals;

struct Authority {
  Identity identity = make_identity({}, nullptr);
  std::string file = write_pem(identity, testing::TempDir() + "signet-origin-test-ca.pem");
};

// A rig that speaks TLS and trusts the authority.
struct SecureRig : Rig {
  runtime::TlsClientContext context;
  SecureRig(const Authority& authority, SSL_CTX* server, std::vector<Script> scripts)
      : Rig(std::move(scripts), server), context(authority.file) {
    settings.https = true;
    settings.host = "mlflow.test";
    settings.tls = &context;
  }
  ~SecureRig() {
    tasks.reset();
    origin.reset();
  }
};

Script patient() {
  Script script;
  for (int i = 0; i < 10; ++i) {
    script.push_back(head());
    script.push_back(send(ok("x")));
  }
  script.push_back(drain());
  return script;
}

TEST(Tls, VerifiesNamesAndSendsThem) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  const ServerContext tls = make_server(server);
  SecureRig rig(authority, tls.get(), {patient()});
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = rig.ask_now();
    ASSERT_FALSE(outcome.error) << outcome.error->detail;
    EXPECT_EQ(outcome.body, "x");
    EXPECT_EQ(outcome.reused, i > 0);
  }
  EXPECT_EQ(rig.upstream->server_names, std::vector<std::string>{"mlflow.test"});
  EXPECT_TRUE(rig.upstream->heads[0].find("host: mlflow.test:") != std::string::npos);
}

struct Untrusted {
  const char* name;
  const char* host;
  Wanted wanted;
  bool by_authority;
  const char* detail;
};

TEST(Tls, WhatCannotBeVerifiedGetsNoRequest) {
  const Authority authority;
  const Identity stranger = make_identity({}, nullptr);
  const std::vector<Untrusted> rows{
      {"wrong name", "mlflow.test", {"DNS:other.test"}, true, "mismatch"},
      {"unknown authority", "mlflow.test", {"DNS:mlflow.test"}, false, "issuer"},
      {"expired", "mlflow.test", {"DNS:mlflow.test", -7200, -3600}, true, "expired"},
      {"not yet valid", "mlflow.test", {"DNS:mlflow.test", 3600, 7200}, true, "not yet valid"},
      {"name where an address is needed", "127.0.0.1", {"DNS:mlflow.test"}, true, "mismatch"},
      {"another address", "127.0.0.1", {"IP:127.0.0.2"}, true, "mismatch"},
      {"wildcard too deep", "a.b.test", {"DNS:*.test"}, true, "mismatch"},
  };
  for (const Untrusted& row : rows) {
    SCOPED_TRACE(row.name);
    const Identity server =
        make_identity(row.wanted, row.by_authority ? &authority.identity : &stranger);
    const ServerContext tls = make_server(server);
    SecureRig rig(authority, tls.get(), {patient()});
    rig.settings.host = row.host;
    const Outcome outcome = rig.ask_now(Question("POST"));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::tls_failed);
    EXPECT_NE(outcome.error->detail.find(row.detail), std::string::npos) << outcome.error->detail;
    EXPECT_FALSE(outcome.error->maybe_executed());
    rig.settle();
    EXPECT_TRUE(rig.upstream->heads.empty());
    // Engine rule 24 (a): once more, and not again.
    EXPECT_EQ(rig.upstream->connections, 2u);
    EXPECT_EQ(rig.made().stats().tls_failures.get(), 2u);
    EXPECT_EQ(rig.made().stats().connects.get(), 0u);
  }
}

TEST(Tls, NumericHostsAreVerifiedByTheirAddress) {
  const Authority authority;
  const Identity server = make_identity({"IP:127.0.0.1"}, &authority.identity);
  const ServerContext tls = make_server(server);
  SecureRig rig(authority, tls.get(), {patient()});
  rig.settings.host = "127.0.0.1";
  const Outcome outcome = rig.ask_now();
  ASSERT_FALSE(outcome.error) << outcome.error->detail;
  EXPECT_EQ(rig.upstream->server_names, std::vector<std::string>{""});
}

TEST(Tls, AServerThatDoesNotSpeakItFails) {
  const Authority authority;
  for (const Script& script :
       {Script{send("HTTP/1.1 400 Bad Request\r\n\r\n"), drain()}, Script{}, Script{hard()}}) {
    SecureRig rig(authority, nullptr, {script});
    const Outcome outcome = rig.ask_now();
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::tls_failed);
    EXPECT_FALSE(outcome.error->detail.empty());
    EXPECT_EQ(rig.upstream->connections, 2u);
  }
}

TEST(Tls, AHandshakeHasTheDeadlineOfConnecting) {
  const Authority authority;
  SecureRig rig(authority, nullptr, {{drain()}});
  Outcome outcome;
  rig.start(Question(), outcome);
  rig.settle();
  rig.clock.advance(2950ms);
  rig.settle();
  EXPECT_FALSE(outcome.done);
  rig.clock.advance(100ms);
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  EXPECT_EQ(outcome.error->kind, Kind::tls_failed);
  EXPECT_EQ(rig.upstream->connections, 1u);
}

TEST(Tls, SessionsAreResumed) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    const ServerContext tls = make_server(server);
    SSL_CTX_set_max_proto_version(tls.get(), version);
    // Connections end in each of the ways that leave a good session behind.
    const std::string closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n";
    SecureRig rig(authority, tls.get(),
                  {{head(), send(closing + "x"), drain()}, {head(), send(ok("y")), drain()}});
    EXPECT_EQ(rig.ask_now().body, "x");
    EXPECT_EQ(rig.upstream->resumed, 0u);
    // A session of TLS 1.2 serves one further connection, after which there is no newer one.
    const std::size_t further = version == TLS1_3_VERSION ? 3 : 1;
    for (std::size_t i = 1; i <= further; ++i) {
      EXPECT_EQ(rig.ask_now().body, "y");
      EXPECT_EQ(rig.upstream->resumed, i);
      rig.clock.advance(10s);  // idles too long
      rig.settle();
    }
  }
}

TEST(Tls, LargeBodiesBothWays) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  const ServerContext tls = make_server(server);
  std::string text(3'000'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>('a' + i * 31 % 23);
  SecureRig rig(authority, tls.get(),
                {{head(), body(text.size()), send(ok(text)), head(), send(ok("2")), drain()}});
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size(); at += 60'000)
    pieces.push_back(text.substr(at, 60'000));
  PiecewiseBody source(rig.loop, pieces);
  Question question("PUT");
  question.body = &source;
  question.length = text.size();
  const Outcome outcome = rig.ask_now(question);
  ASSERT_FALSE(outcome.error);
  EXPECT_TRUE(rig.upstream->bodies == text);
  EXPECT_TRUE(outcome.body == text);
  EXPECT_TRUE(rig.ask_now().reused);
}

TEST(Tls, AnEndWithoutCloseNotifyIsNotTheEndOfABody) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  const ServerContext tls = make_server(server);
  const std::string sent = "HTTP/1.1 200 OK\r\n\r\npart of it";
  for (const bool honest : {true, false}) {
    SecureRig rig(authority, tls.get(), {{head(), send(sent), honest ? finish() : cut(), drain()}});
    const Outcome outcome = rig.ask_now();
    EXPECT_EQ(outcome.body, "part of it");
    if (honest) {
      EXPECT_FALSE(outcome.body_error);
    } else {
      EXPECT_EQ(outcome.body_error, http::BodyError::gone);
    }
  }
}

TEST(Tls, AReusedConnectionThatEndedIsRetriedLikeAPlainOne) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  const ServerContext tls = make_server(server);
  for (const Script& end : {Script{finish()}, Script{cut()}, Script{hard()}}) {
    for (const char* method : {"GET", "POST"}) {
      Script script{head(), send(ok("x")), head()};
      script.insert(script.end(), end.begin(), end.end());
      SecureRig rig(authority, tls.get(), {script, patient()});
      EXPECT_EQ(rig.ask_now().body, "x");
      const Outcome outcome = rig.ask_now(Question(method));
      if (std::string_view(method) == "GET") {
        ASSERT_FALSE(outcome.error);
        EXPECT_EQ(outcome.body, "x");
        EXPECT_EQ(rig.upstream->heads.size(), 3u);
      } else {
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind, Kind::lost);
        EXPECT_EQ(rig.upstream->heads.size(), 2u);
      }
    }
  }
}

TEST(Tls, AnEarlyAnswerEndsTheUpload) {
  const Authority authority;
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority.identity);
  const ServerContext tls = make_server(server);
  SecureRig rig(authority, tls.get(),
                {{head(), send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"), drain()}});
  PiecewiseBody source(rig.loop, std::vector<std::string>(20, std::string(60'000, 'x')));
  source.gate_before = 3;
  Question question("PUT");
  question.body = &source;
  const Outcome outcome = rig.ask_now(question);
  EXPECT_EQ(outcome.status, 403);
  EXPECT_EQ(outcome.body, "no");
  EXPECT_TRUE(source.stopped);
  rig.settle();
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
}

}  // namespace
}  // namespace signet::origin
