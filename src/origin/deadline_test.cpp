#include <gtest/gtest.h>

#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;
using namespace std::chrono_literals;

// Lets `just_under` pass, expects nothing, lets a bit more pass, expects the end.
void expect_end_at(Rig& rig, Outcome& outcome, runtime::Duration deadline) {
  rig.settle();
  EXPECT_FALSE(outcome.done);
  rig.clock.advance(deadline - 50ms);
  rig.settle();
  EXPECT_FALSE(outcome.done);
  rig.clock.advance(100ms);
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
}

// An address that answers no SYN: its queue of connections is full.
class Silent {
 public:
  Silent() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof any;
    auto* address = reinterpret_cast<sockaddr*>(&any);
    if (bind(listener_, address, length) != 0 || listen(listener_, 0) != 0 ||
        getsockname(listener_, address, &length) != 0) {
      std::abort();
    }
    address_ = runtime::Address(address, length);
    for (int& fd : fillers_) {
      fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(fd, address, length);
    }
  }
  ~Silent() {
    for (const int fd : fillers_)
      close(fd);
    close(listener_);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  runtime::Address address() const { return address_; }

 private:
  int listener_;
  int fillers_[4];
  runtime::Address address_;
};

TEST(Deadline, OfTheName) {
  Rig rig;
  rig.resolver.hangs = true;
  Outcome outcome;
  rig.start(Question("POST"), outcome);
  expect_end_at(rig, outcome, 5s);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::no_address);
  EXPECT_EQ(rig.resolver.asked, 1u);
}

TEST(Deadline, OfConnecting) {
  Silent silent;
  Rig rig;
  rig.resolver.addresses = {silent.address()};
  Outcome outcome;
  rig.start(Question("POST"), outcome);
  expect_end_at(rig, outcome, 3s);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::cannot_connect);
  EXPECT_NE(outcome.error->detail.find("in time"), std::string::npos);
  EXPECT_EQ(rig.made().stats().retries.get(), 0u);  // no time is left for one
}

TEST(Deadline, ASilentAddressLeavesTimeForTheNext) {
  Silent silent;
  Rig rig({{head(), send(ok("x")), drain()}});
  rig.resolver.addresses = {silent.address(), rig.upstream->address()};
  Outcome outcome;
  rig.start(Question("POST"), outcome);
  expect_end_at(rig, outcome, 1500ms);
  EXPECT_EQ(outcome.body, "x");
}

TEST(Deadline, OfTheAnswer) {
  for (const char* part : {"", "HTTP/1.1 200 OK\r\nA", "HTTP/1.1 103 Early Hints\r\n\r\n"}) {
    Rig rig({{head(), send(part[0] == '\0' ? "" : part), drain()}});
    Outcome outcome;
    rig.start(Question(), outcome);
    expect_end_at(rig, outcome, 120s);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::response_timed_out);
    EXPECT_TRUE(outcome.error->maybe_executed());
    EXPECT_EQ(rig.made().stats().response_timeouts.get(), 1u);
    rig.settle();
    EXPECT_EQ(rig.upstream->connections_ended, 1u);
  }
}

TEST(Deadline, OfTheAnswerBeginsWhenTheRequestWasSent) {
  Rig rig({{head(), drain()}});
  PiecewiseBody source(rig.loop, {"hello", "world"});
  source.gate_before = 1;
  Question question("PUT");
  question.body = &source;
  question.length = 10;
  Outcome outcome;
  rig.start(question, outcome);
  rig.settle();
  rig.clock.advance(1h);
  rig.settle();
  EXPECT_FALSE(outcome.done);
  source.gate_open = true;
  source.gate.wake_all();
  expect_end_at(rig, outcome, 120s);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::response_timed_out);
}

TEST(Deadline, OfAnOriginThatStopsReading) {
  Rig rig({{head(), gate()}});
  PiecewiseBody source(rig.loop, std::vector<std::string>(1000, std::string(60'000, 'x')));
  Question question("PUT");
  question.body = &source;
  Outcome outcome;
  rig.start(question, outcome);
  std::size_t before = 0;
  do {
    before = source.reads;
    rig.settle();
  } while (source.reads != before);
  expect_end_at(rig, outcome, 300s);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::send_timed_out);
  EXPECT_TRUE(outcome.error->maybe_executed());
}

TEST(Deadline, OfABodyThatStalls) {
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& begin : {length, length + "hel", chunked, chunked + "5\r\nhel",
                                   std::string("HTTP/1.1 200 OK\r\n\r\n")}) {
    Rig rig({{head(), send(begin), drain()}});
    Outcome outcome;
    rig.start(Question(), outcome);
    expect_end_at(rig, outcome, 300s);
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.body_error, http::BodyError::stalled);
  }
}

TEST(Deadline, OfABodyBeginsAnewWithEveryPiece) {
  Rig rig({{head(), send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), gate(), send("hello"),
            drain()}});
  Outcome outcome;
  rig.start(Question(), outcome);
  rig.settle();
  rig.clock.advance(299s);
  rig.settle();
  rig.upstream->open_gate();
  rig.settle();
  expect_end_at(rig, outcome, 300s);
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(outcome.body_error, http::BodyError::stalled);
}

TEST(Deadline, WaitingForAnAnswerIsTimed) {
  Rig rig({{head(), gate(), send(ok("x")), drain()}});
  Outcome outcome;
  rig.start(Question(), outcome);
  rig.settle();
  rig.clock.advance(7s);
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  EXPECT_EQ(outcome.timings.first_byte, 7s);
  EXPECT_EQ(outcome.timings.connect, 0us);
  EXPECT_EQ(outcome.timings.queue, 0us);
}

}  // namespace
}  // namespace signet::origin
