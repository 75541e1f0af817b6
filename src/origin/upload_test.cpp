#include <gtest/gtest.h>

#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;
using namespace std::chrono_literals;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + i * 31 % 23);
  return text;
}

std::vector<std::string> pieces_of(const std::string& text, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size(); at += size)
    pieces.push_back(text.substr(at, size));
  return pieces;
}

struct OnTheWire {
  const char* name;
  const char* method;
  bool with_body;
  std::vector<std::string> pieces;
  std::optional<std::uint64_t> length;
  std::string end_of_head;  // after the fields
  std::string body;
};

TEST(Upload, IsFramedByItsLength) {
  const std::vector<OnTheWire> rows{
      {"GET", "GET", false, {}, {}, "x-last: 1\r\n\r\n", ""},
      {"DELETE", "DELETE", false, {}, {}, "x-last: 1\r\n\r\n", ""},
      {"POST", "POST", false, {}, {}, "x-last: 1\r\ncontent-length: 0\r\n\r\n", ""},
      {"PATCH", "PATCH", false, {}, {}, "x-last: 1\r\ncontent-length: 0\r\n\r\n", ""},
      {"of length 0", "PUT", true, {}, 0, "content-length: 0\r\n\r\n", ""},
      {"of length 5", "PUT", true, {"hello"}, 5, "content-length: 5\r\n\r\n", "hello"},
      {"in two pieces", "PUT", true, {"hel", "lo"}, 5, "content-length: 5\r\n\r\n", "hello"},
      {"GET with body", "GET", true, {"hello"}, 5, "content-length: 5\r\n\r\n", "hello"},
      {"chunked",
       "POST",
       true,
       {"hello", " world, again"},
       {},
       "transfer-encoding: chunked\r\n\r\n",
       "5\r\nhello\r\nd\r\n world, again\r\n0\r\n\r\n"},
      {"chunked and empty",
       "POST",
       true,
       {},
       {},
       "transfer-encoding: chunked\r\n\r\n",
       "0\r\n\r\n"},
  };
  for (const OnTheWire& row : rows) {
    SCOPED_TRACE(row.name);
    Rig rig({{head(), body(row.body.size()), send(ok("1")), head(), send(ok("2")), drain()}});
    PiecewiseBody source(rig.loop, row.pieces);
    Question question(row.method);
    question.path = "/a/b%20c";
    question.query = "q=1&r=%2B";
    question.fields = {{"accept", "*/*"}, {"x-last", "1"}};
    if (row.with_body) question.body = &source;
    question.length = row.length;
    const Outcome outcome = rig.ask_now(question);
    EXPECT_EQ(outcome.body, "1");
    ASSERT_EQ(rig.upstream->heads.size(), 1u);
    const std::string& sent = rig.upstream->heads[0];
    const std::string begin = std::string(row.method) +
                              " /a/b%20c?q=1&r=%2B HTTP/1.1\r\nhost: " + rig.made().host() +
                              "\r\naccept: */*\r\nx-last: 1\r\n";
    EXPECT_TRUE(sent.starts_with(begin)) << sent;
    EXPECT_TRUE(sent.ends_with(row.end_of_head)) << sent;
    EXPECT_EQ(sent.find("expect"), std::string::npos);
    EXPECT_EQ(sent.find("connection"), std::string::npos);
    EXPECT_EQ(rig.upstream->bodies, row.body);
    if (row.length == 0) EXPECT_EQ(source.reads, 0u);
    EXPECT_TRUE(rig.ask_now().reused);
  }
}

TEST(Upload, ASmallBodyLeavesWithTheHead) {
  Rig rig({{head(), body(5), send(ok("1")), drain()}});
  PiecewiseBody source(rig.loop, {"hello"});
  Question question("POST");
  question.body = &source;
  question.length = 5;
  EXPECT_EQ(rig.ask_now(question).body, "1");
  EXPECT_TRUE(rig.upstream->first_read.ends_with("\r\n\r\nhello"));
  EXPECT_EQ(source.reads, 1u);
}

TEST(Upload, ALargeBodyArrivesWholeInBoundedMemory) {
  const std::string text = pattern(6'000'000);
  for (const bool chunked : {false, true}) {
    Rig rig({{head(), gate(), drain()}});
    PiecewiseBody source(rig.loop, pieces_of(text, 60'000));
    Question question("PUT");
    question.body = &source;
    if (!chunked) question.length = text.size();
    Outcome outcome;
    rig.start(question, outcome);
    // The origin reads nothing: the source is not drained, whatever the kernel took.
    std::size_t before;
    do {
      before = source.reads;
      rig.settle();
    } while (source.reads != before);
    EXPECT_LT(source.reads, 100u);
    EXPECT_FALSE(outcome.done);
    std::size_t most = rig.loop.blocks().bytes_in_use();
    rig.upstream->open_gate();
    ASSERT_TRUE(rig.turn_until([&] {
      most = std::max(most, rig.loop.blocks().bytes_in_use());
      return source.reads >= 100;
    }));
    rig.settle();
    EXPECT_LE(most, 256u * 1024);
    rig.tasks.reset();
    rig.settle();
    if (chunked) {
      EXPECT_GT(rig.upstream->bodies.size(), text.size() + 100 * 8);
      EXPECT_TRUE(rig.upstream->bodies.ends_with("\r\n0\r\n\r\n"));
    } else {
      EXPECT_TRUE(rig.upstream->bodies == text);
    }
  }
}

TEST(Upload, AnEarlyAnswerEndsItAndTheConnection) {
  for (const bool closes : {false, true}) {
    Script script{head(), send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlarg")};
    script.push_back(closes ? hard() : drain());
    Rig rig({script, {head(), send(ok("y")), drain()}});
    PiecewiseBody source(rig.loop, pieces_of(pattern(600'000), 60'000));
    source.gate_before = 2;
    Question question("PUT");
    question.body = &source;
    question.length = 600'000;
    const Outcome outcome = rig.ask_now(question);
    ASSERT_FALSE(outcome.error);
    EXPECT_EQ(outcome.status, 413);
    EXPECT_EQ(outcome.body, "larg");
    EXPECT_TRUE(source.stopped);
    ASSERT_TRUE(rig.turn_until([&] { return rig.upstream->connections_ended == 1; }));
    EXPECT_LT(rig.upstream->bodies.size(), 600'000u);
    const Outcome second = rig.ask_now();
    EXPECT_EQ(second.body, "y");
    EXPECT_FALSE(second.reused);
  }
}

TEST(Upload, AnAnswerIsReadAlthoughTheOriginBrokeTheUploadOff) {
  Rig rig({{head(), send("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno"), hard()}});
  PiecewiseBody source(rig.loop, pieces_of(pattern(3'000'000), 60'000));
  Question question("PUT");
  question.body = &source;
  const Outcome outcome = rig.ask_now(question);
  ASSERT_FALSE(outcome.error);
  EXPECT_EQ(outcome.status, 401);
  EXPECT_EQ(outcome.body, "no");
  EXPECT_TRUE(source.stopped);
}

TEST(Upload, AConnectionThatBreaksInsideItIsLostAndNotRetried) {
  for (const bool resets : {false, true}) {
    Script script{head(), body(100'000)};
    if (resets) script.push_back(hard());
    Rig rig({script});
    PiecewiseBody source(rig.loop, pieces_of(pattern(3'000'000), 60'000));
    Question question("PUT");
    question.body = &source;
    const Outcome outcome = rig.ask_now(question);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::lost);
    EXPECT_EQ(rig.upstream->connections, 1u);
  }
}

struct BadBody {
  const char* name;
  std::vector<std::string> pieces;
  std::optional<std::uint64_t> length;
  std::optional<http::BodyError> ends_in;
  http::BodyError reported;
  std::size_t connections;  // that the origin saw
};

TEST(Upload, ABodyThatGoesWrongIsTheClientsFault) {
  using E = http::BodyError;
  const std::vector<BadBody> rows{
      {"fails at once", {}, {}, E::malformed, E::malformed, 0},
      {"stalls at once", {}, 10, E::stalled, E::stalled, 0},
      {"too long at once", {"hello"}, 4, {}, E::malformed, 0},
      {"nothing of it", {}, 4, {}, E::gone, 0},
      {"ends too early", {"hello"}, 10, {}, E::gone, 1},
      {"gets too long", {"hello", "hello"}, 8, {}, E::malformed, 1},
      {"fails midway", {"hello"}, 10, E::stalled, E::stalled, 1},
      {"fails midway, chunked", {"hello"}, {}, E::too_large, E::too_large, 1},
  };
  for (const BadBody& row : rows) {
    SCOPED_TRACE(row.name);
    Rig rig({{head(), drain()}});
    PiecewiseBody source(rig.loop, row.pieces);
    source.error = row.ends_in;
    Question question("PUT");
    question.body = &source;
    question.length = row.length;
    const Outcome outcome = rig.ask_now(question);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::request_body);
    EXPECT_EQ(outcome.error->body, row.reported);
    rig.settle();
    // The origin never sees a complete request.
    EXPECT_EQ(rig.upstream->connections, row.connections);
    EXPECT_EQ(rig.upstream->connections_ended, row.connections);
    EXPECT_EQ(rig.upstream->bodies.find("0\r\n\r\n"), std::string::npos);
    if (row.length) EXPECT_LT(rig.upstream->bodies.size(), *row.length);
  }
}

TEST(Upload, ASlowClientHoldsNoConnection) {
  Rig rig({{head(), body(5), send(ok("1")), drain()}});
  PiecewiseBody source(rig.loop, {"hello"});
  source.gate_before = 0;
  Question question("PUT");
  question.body = &source;
  question.length = 5;
  Outcome outcome;
  rig.start(question, outcome);
  rig.settle();
  EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
  source.gate_open = true;
  source.gate.wake_all();
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  EXPECT_EQ(outcome.body, "1");
}

struct Unsendable {
  const char* name;
  std::string method;
  std::string path;
  std::string query;
  std::pair<std::string, std::string> field;
};

TEST(Upload, WhatCouldSmuggleIsNeverWritten) {
  const std::vector<Unsendable> rows{
      {"CRLF in a value", "GET", "/a", "", {"a", "x\r\nb: y"}},
      {"NUL in a value", "GET", "/a", "", {"a", std::string("x\0", 2)}},
      {"bad name", "GET", "/a", "", {"a b", "x"}},
      {"space in the path", "GET", "/a b", "", {"a", "x"}},
      {"CR in the query", "GET", "/a", "b\r", {"a", "x"}},
      {"empty path", "GET", "", "", {"a", "x"}},
      {"bad method", "G ET", "/a", "", {"a", "x"}},
      {"host", "GET", "/a", "", {"host", "other"}},
      {"connection", "GET", "/a", "", {"connection", "close"}},
      {"length", "GET", "/a", "", {"content-length", "5"}},
      {"coding", "GET", "/a", "", {"transfer-encoding", "chunked"}},
      {"expect", "GET", "/a", "", {"expect", "100-continue"}},
      {"upgrade", "GET", "/a", "", {"upgrade", "websocket"}},
  };
  for (const Unsendable& row : rows) {
    SCOPED_TRACE(row.name);
    Rig rig({{head(), send(ok("1")), drain()}});
    Question question(row.method);
    question.path = row.path;
    question.query = row.query;
    question.fields = {row.field};
    const Outcome outcome = rig.ask_now(question);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::unsendable);
    EXPECT_FALSE(outcome.error->maybe_executed());
    rig.settle();
    EXPECT_TRUE(rig.upstream->first_read.empty());
  }
}

TEST(Upload, HeadsOfEverySizeAreSentWhole) {
  for (const std::size_t size : {std::size_t{3900}, std::size_t{4096}, std::size_t{16'400},
                                 std::size_t{65'536}, std::size_t{200'000}}) {
    Rig rig({{head(), send(ok("1")), drain()}});
    Question question;
    question.fields = {{"x-long", std::string(size, 'v')}};
    EXPECT_EQ(rig.ask_now(question).body, "1");
    ASSERT_EQ(rig.upstream->heads.size(), 1u);
    EXPECT_NE(rig.upstream->heads[0].find(": " + std::string(size, 'v') + "\r\n"),
              std::string::npos);
    EXPECT_EQ(rig.loop.blocks().bytes_in_use(), 0u);
  }
}

TEST(Settings, HostFieldHasNoDefaultPortAndBracketsV6) {
  struct Host {
    const char* host;
    std::uint16_t port;
    bool https;
    const char* field;
  };
  const std::vector<Host> rows{
      {"a.test", 443, true, "a.test"},
      {"a.test", 443, false, "a.test:443"},
      {"a.test", 80, false, "a.test"},
      {"a.test", 80, true, "a.test:80"},
      {"127.0.0.1", 5000, false, "127.0.0.1:5000"},
      {"::1", 8443, true, "[::1]:8443"},
      {"::1", 443, true, "[::1]"},
  };
  for (const Host& row : rows) {
    Settings settings;
    settings.host = row.host;
    settings.port = row.port;
    settings.https = row.https;
    EXPECT_EQ(host_field(settings), row.field);
  }
}

}  // namespace
}  // namespace signet::origin
