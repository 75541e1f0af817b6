#include <gtest/gtest.h>

#include "http/chunked.h"
#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;

// Engine rule 25: the head is refused, the connection closed.
struct BadHead {
  const char* name;
  std::string sent;
  const char* detail;  // part of the reason
};

std::string interim(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  return text;
}

TEST(Answer, ABadHeadIsABadResponseAndClosesTheConnection) {
  const std::vector<BadHead> rows{
      {"garbage", "hello\r\n\r\n", ""},
      {"binary", std::string("\x16\x03\x01\x02\x00", 5), ""},
      {"bad name", "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", ""},
      {"space before colon", "HTTP/1.1 200 OK\r\nA : x\r\n\r\n", ""},
      {"no name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", ""},
      {"NUL in value", std::string("HTTP/1.1 200 OK\r\nA: x\0y\r\n\r\n", 27), ""},
      {"CR in value", "HTTP/1.1 200 OK\r\nA: x\ry\r\n\r\n", ""},
      {"LF alone", "HTTP/1.1 200 OK\nA: x\n\n", ""},
      {"folded", "HTTP/1.1 200 OK\r\nA: x\r\n y\r\n\r\n", ""},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", ""},
      {"list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", ""},
      {"bad length", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx", ""},
      {"length and coding",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
      {"two codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ""},
      {"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
      {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", ""},
      {"status 600", "HTTP/1.1 600 No\r\n\r\n", ""},
      {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ""},
      {"nine interim", interim(9) + ok("late"), "8 interim"},
      {"fields too large", "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x') + "\r\n\r\n", ""},
      {"too many fields",
       "HTTP/1.1 200 OK\r\n" +
           [] {
             std::string lines;
             for (int i = 0; i < 200; ++i)
               lines += "A: x\r\n";
             return lines;
           }() +
           "\r\n",
       ""},
      {"endless line", "HTTP/1.1 200 OK\r\nA: " + std::string(300'000, 'x'), ""},
      {"endless status line", "HTTP/1.1 200 " + std::string(300'000, 'x'), ""},
  };
  for (const BadHead& row : rows) {
    SCOPED_TRACE(row.name);
    Rig rig({{head(), send(row.sent), drain()}});
    const Outcome outcome = rig.ask_now();
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::bad_response);
    EXPECT_TRUE(outcome.error->maybe_executed());
    EXPECT_FALSE(outcome.error->detail.empty());
    EXPECT_NE(outcome.error->detail.find(row.detail), std::string::npos) << outcome.error->detail;
    EXPECT_TRUE(rig.turn_until([&] { return rig.upstream->connections_ended == 1; }));
    EXPECT_EQ(rig.upstream->connections, 1u);
    EXPECT_EQ(rig.made().stats().bad_responses.get(), 1u);
    EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
  }
}

// How a body is delimited, and whether the connection serves another request after it.
struct Lawful {
  const char* name;
  const char* method;
  std::string sent;
  bool finish;
  int status;
  std::string body;
  std::optional<http::BodyError> error;
  bool reusable;
};

std::vector<Lawful> lawful_answers() {
  using E = http::BodyError;
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string ten = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  return {
      {"length", "GET", ok("hello"), false, 200, "hello", {}, true},
      {"empty", "GET", ok(""), false, 200, "", {}, true},
      {"two dates",
       "GET",
       "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nx",
       false,
       200,
       "x",
       {},
       true},
      {"eight interim", "GET", interim(8) + ok("hello"), false, 200, "hello", {}, true},
      {"100 first", "GET", "HTTP/1.1 100 Continue\r\n\r\n" + ok("x"), false, 200, "x", {}, true},
      {"extra after length",
       "GET",
       ok("hello") + "HTTP/1.1 200 OK\r\n",
       false,
       200,
       "hello",
       {},
       false},
      {"extra after nothing", "GET", ok("") + "x", false, 200, "", {}, false},
      {"too little", "GET", ten + "hello", true, 200, "hello", E::gone, false},
      {"nothing of it", "GET", ten, true, 200, "", E::gone, false},
      {"close agreed",
       "GET",
       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
       false,
       200,
       "hi",
       {},
       false},
      {"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 200, "hi", {}, false},
      {"1.0 keep-alive",
       "GET",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
       false,
       200,
       "hi",
       {},
       true},
      {"until close",
       "GET",
       "HTTP/1.1 200 OK\r\n\r\nall of this",
       true,
       200,
       "all of this",
       {},
       false},
      {"1.0 until close",
       "GET",
       "HTTP/1.0 200 OK\r\n\r\nall of this",
       true,
       200,
       "all of this",
       {},
       false},
      {"chunked",
       "GET",
       chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
       false,
       200,
       "hello world",
       {},
       true},
      {"chunked with trailers",
       "GET",
       chunked + "1;a=b\r\nx\r\n0\r\nT: v\r\n\r\n",
       false,
       200,
       "x",
       {},
       true},
      {"chunked, empty", "GET", chunked + "0\r\n\r\n", false, 200, "", {}, true},
      {"chunked, extra",
       "GET",
       chunked + "1\r\nx\r\n0\r\n\r\nHTTP/1.1",
       false,
       200,
       "x",
       {},
       false},
      {"chunked, cut", "GET", chunked + "5\r\nhel", true, 200, "hel", E::gone, false},
      {"chunked, no end", "GET", chunked + "3\r\nhel\r\n", true, 200, "hel", E::gone, false},
      {"chunk garbage", "GET", chunked + "zz\r\nhello", false, 200, "", E::malformed, false},
      {"chunk too short", "GET", chunked + "2\r\nhello\r\n0\r\n\r\n", false, 200, "", E::malformed,
       false},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", false, 200, "", {}, true},
      {"HEAD chunked", "HEAD", chunked, false, 200, "", {}, true},
      {"HEAD with body", "HEAD", ok("hello"), false, 200, "", {}, false},
      {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", {}, true},
      {"204 with body",
       "GET",
       "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx",
       false,
       204,
       "",
       {},
       false},
      {"304",
       "GET",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
       false,
       304,
       "",
       {},
       true},
      {"304 with body", "GET", "HTTP/1.1 304 Not Modified\r\n\r\nxyz", false, 304, "", {}, false},
  };
}

void check(const Lawful& row, const Outcome& outcome) {
  ASSERT_FALSE(outcome.error) << outcome.error->detail;
  EXPECT_EQ(outcome.status, row.status);
  EXPECT_EQ(outcome.body_error, row.error);
  // How much of a malformed body was given before its error depends on the fragments.
  if (row.error != http::BodyError::malformed) EXPECT_EQ(outcome.body, row.body);
}

TEST(Answer, BodiesEndWhereTheirFramingSays) {
  for (const Lawful& row : lawful_answers()) {
    SCOPED_TRACE(row.name);
    Script script{head(), send(row.sent)};
    if (row.finish) script.push_back(finish());
    script.push_back(head());
    script.push_back(send(ok("second")));
    script.push_back(drain());
    Rig rig({script, {head(), send(ok("second")), drain()}});
    const Outcome outcome = rig.ask_now(Question(row.method));
    check(row, outcome);
    rig.settle();
    const Outcome second = rig.ask_now();
    ASSERT_FALSE(second.error);
    EXPECT_EQ(second.body, "second");
    EXPECT_EQ(second.reused, row.reusable);
    EXPECT_EQ(rig.upstream->connections, row.reusable ? 1u : 2u);
  }
}

TEST(Answer, TheFragmentsItComesInDoNotMatter) {
  for (const Lawful& row : lawful_answers()) {
    SCOPED_TRACE(row.name);
    Script script{head(), trickle(row.sent)};
    if (row.finish) script.push_back(finish());
    script.push_back(drain());
    Rig rig({script});
    const Outcome outcome = rig.ask_now(Question(row.method));
    check(row, outcome);
  }
}

TEST(Answer, SmallReadsGetItAll) {
  for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    for (const Lawful& row : lawful_answers()) {
      SCOPED_TRACE(std::string(row.name) + " by " + std::to_string(most));
      Script script{head(), send(row.sent)};
      if (row.finish) script.push_back(finish());
      script.push_back(drain());
      Rig rig({script});
      Question question(row.method);
      question.read_at_most = most;
      const Outcome outcome = rig.ask_now(question);
      check(row, outcome);
    }
  }
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + i * 31 % 23);
  return text;
}

TEST(Answer, LargeBodiesArriveWhole) {
  const std::string text = pattern(5'000'000);
  std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::min<std::size_t>(1 + at % 9973, text.size() - at);
    chunked += http::ChunkPrefix(size).view();
    chunked += text.substr(at, size);
    chunked += http::kChunkEnd;
    at += size;
  }
  chunked += http::kLastChunk;
  for (const std::string& sent : {ok(text), chunked}) {
    Rig rig({{head(), send(sent), head(), send(ok("2")), drain()}});
    const Outcome outcome = rig.ask_now();
    EXPECT_TRUE(outcome.body == text);
    EXPECT_TRUE(rig.ask_now().reused);
    EXPECT_EQ(rig.loop.blocks().bytes_in_use(), 0u);
  }
}

TEST(Answer, AHeadOfSixtyKilobytesIsLawful) {
  std::string sent = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 60; ++i)
    sent += "X-" + std::to_string(i) + ": " + std::string(1000, 'v') + "\r\n";
  sent += "Content-Length: 5\r\n\r\nhello";
  for (const std::string& before : {std::string(), interim(8)}) {
    Rig rig({{head(), send(before + sent), drain()}});
    const Outcome outcome = rig.ask_now();
    ASSERT_FALSE(outcome.error);
    ASSERT_EQ(outcome.fields.size(), 61u);
    EXPECT_EQ(outcome.fields[59].second, std::string(1000, 'v'));
    EXPECT_EQ(outcome.body, "hello");
  }
}

TEST(Answer, AResetInsideABodyWithoutLengthIsNotItsEnd) {
  Rig rig({{head(), send("HTTP/1.1 200 OK\r\n\r\npart"), gate(), hard()}});
  Outcome outcome;
  rig.start(Question(), outcome);
  rig.settle();
  EXPECT_FALSE(outcome.done);
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  EXPECT_EQ(outcome.body_error, http::BodyError::gone);
}

TEST(Answer, DroppingItUnreadClosesTheConnection) {
  Rig rig({{head(), send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal"), drain()}});
  Question question;
  question.read_body = false;
  const Outcome outcome = rig.ask_now(question);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_TRUE(rig.turn_until([&] { return rig.upstream->connections_ended == 1; }));
  EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
}

}  // namespace
}  // namespace signet::origin
