#include <dirent.h>
#include <gtest/gtest.h>

#include "origin/certificates.h"
#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using namespace std::chrono_literals;

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr)
    ++count;
  closedir(directory);
  return count;
}

// One situation; the request in it is destroyed after every number of turns.
struct Situation {
  const char* name;
  Script script;
  bool tls = false;
  std::vector<std::string> upload = {};
  std::size_t connections = 4;
  bool name_hangs = false;
  bool connection_is_there = false;  // one request was answered before
};

std::vector<Situation> situations() {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  const Script trickles{head(), trickle(ok("hello, world")), drain()};
  return {
      {.name = "a plain answer", .script = trickles},
      {.name = "chunks", .script = {head(), trickle(chunked + "0\r\n\r\n"), drain()}},
      {.name = "silence", .script = {head(), drain()}},
      {.name = "a body that stalls", .script = {head(), send(chunked), drain()}},
      {.name = "an upload",
       .script = {head(), body(600'000), trickle(ok("x")), drain()},
       .upload = std::vector<std::string>(10, std::string(60'000, 'x'))},
      {.name = "an upload nobody reads",
       .script = {head(), gate()},
       .upload = std::vector<std::string>(200, std::string(60'000, 'x'))},
      {.name = "an early answer",
       .script = {head(), trickle(ok("x")), drain()},
       .upload = std::vector<std::string>(20, std::string(60'000, 'x'))},
      {.name = "a name", .script = trickles, .name_hangs = true},
      {.name = "TLS", .script = trickles, .tls = true},
      {.name = "TLS, an upload",
       .script = {head(), body(600'000), trickle(ok("x")), drain()},
       .tls = true,
       .upload = std::vector<std::string>(10, std::string(60'000, 'x'))},
      {.name = "TLS, no handshake", .script = {drain()}, .tls = true},
      {.name = "a retry", .script = {head(), send(ok("1")), head()}, .connection_is_there = true},
  };
}

TEST(Cancel, EverywhereLeavesNothingBehind) {
  const Identity authority = make_identity({}, nullptr);
  const std::string file = write_pem(authority, testing::TempDir() + "signet-cancel-test-ca.pem");
  const Identity server = make_identity({"DNS:mlflow.test"}, &authority);
  const ServerContext tls = make_server(server);
  for (const Situation& situation : situations()) {
    SCOPED_TRACE(situation.name);
    bool ended = false;
    for (int turns = 0; turns < 90 && !ended; ++turns) {
      const std::size_t before = open_descriptors();
      {
        const bool speaks_tls = situation.tls && situation.script.size() > 1;
        Rig rig({situation.script}, speaks_tls ? tls.get() : nullptr);
        runtime::TlsClientContext context(file);
        rig.settings.https = situation.tls;
        rig.settings.host = "mlflow.test";
        rig.settings.tls = &context;
        rig.settings.connections = situation.connections;
        if (situation.connection_is_there) rig.ask_now();
        rig.resolver.hangs = situation.name_hangs;
        PiecewiseBody source(rig.loop, situation.upload);
        Question question("GET");
        if (!situation.upload.empty()) question.body = &source;
        Outcome outcome;
        auto* entry = rig.start(question, outcome);
        for (int i = 0; i < turns && !outcome.done; ++i)
          rig.loop.run_once(0ns);
        if (outcome.done) {
          ended = true;
        } else {
          rig.tasks->cancel(entry);
        }
        rig.loop.run_once(0ns);
        EXPECT_EQ(rig.made().stats().open_connections.get(),
                  rig.made().stats().idle_connections.get());
        EXPECT_FALSE(rig.made().busy());
        EXPECT_EQ(rig.tasks->size(), 0u);
        rig.tasks.reset();
        rig.origin.reset();
        rig.upstream.reset();
        EXPECT_EQ(rig.loop.blocks().bytes_in_use(), 0u);
      }
      EXPECT_EQ(open_descriptors(), before);
    }
  }
}

TEST(Cancel, AnotherRequestIsServedAsIfNothingHadBeen) {
  Rig rig({{head(), drain()}, {head(), send(ok("x")), drain()}});
  rig.settings.connections = 1;
  Outcome cancelled;
  Outcome next;
  auto* entry = rig.start(Question(), cancelled);
  rig.settle();
  rig.start(Question(), next);
  rig.settle();
  EXPECT_FALSE(next.done);
  rig.tasks->cancel(entry);
  ASSERT_TRUE(rig.turn_until([&] { return next.done; }));
  EXPECT_EQ(next.body, "x");
  EXPECT_EQ(rig.upstream->connections, 2u);
}

TEST(Cancel, TheOriginSeesTheEndAtOnce) {
  Rig rig({{head(), drain()}});
  Outcome outcome;
  auto* entry = rig.start(Question("POST"), outcome);
  rig.settle();
  EXPECT_EQ(rig.upstream->connections_ended, 0u);
  rig.tasks->cancel(entry);
  rig.settle();
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
}

}  // namespace
}  // namespace signet::origin
