#include <gtest/gtest.h>

#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;
using namespace std::chrono_literals;

// Counts the stamps and leaves a different one each time.
class NumberingStamp final : public Stamp {
 public:
  std::expected<void, StampError> stamp(const Outgoing&, http::Fields& extra) override {
    if (fails_from == ++count) return std::unexpected(StampError{"no keys"});
    text_ = std::to_string(count);
    extra.add("x-stamp", text_);
    return {};
  }
  int count = 0;
  int fails_from = 0;

 private:
  std::string text_;
};

enum class Ending : std::uint8_t { closes, resets, half_a_head, interim_then_closes };

struct Row {
  const char* method;
  bool with_body;
  bool reused;
  Ending ending;
  std::size_t seen;  // how often the origin sees the request
};

std::string name_of(const Row& row) {
  const char* endings[] = {"closes", "resets", "half a head", "interim, closes"};
  return std::string(row.method) + (row.with_body ? " with body" : "") +
         (row.reused ? " reused " : " fresh ") + endings[static_cast<int>(row.ending)];
}

// Engine rule 24 (b): only reused, unanswered, and harmless to repeat.
std::vector<Row> rows() {
  std::vector<Row> all;
  for (const char* method : {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const bool with_body : {false, true}) {
      for (const bool reused : {false, true}) {
        for (const Ending ending :
             {Ending::closes, Ending::resets, Ending::half_a_head, Ending::interim_then_closes}) {
          const std::string_view name = method;
          const bool harmless = name == "GET" || name == "HEAD" || name == "OPTIONS";
          const bool unanswered = ending == Ending::closes || ending == Ending::resets;
          const bool again = harmless && !with_body && reused && unanswered;
          all.push_back({method, with_body, reused, ending, again ? 2u : 1u});
        }
      }
    }
  }
  return all;
}

TEST(Retry, TheOriginSeesARequestExactlyAsOftenAsAllowed) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(name_of(row));
    Script script;
    if (row.reused) script = {head(), send("HTTP/1.1 204 No Content\r\n\r\n")};
    script.push_back(head());
    if (row.with_body) script.push_back(body(5));
    switch (row.ending) {
      case Ending::closes: break;
      case Ending::resets: script.push_back(hard()); break;
      case Ending::half_a_head: script.push_back(send("HTTP/1.1 200 OK\r\nA: ")); break;
      case Ending::interim_then_closes:
        script.push_back(send("HTTP/1.1 103 Early Hints\r\n\r\n"));
        break;
    }
    Rig rig({script, {head(), send("HTTP/1.1 204 No Content\r\n\r\n"), drain()}});
    if (row.reused) {
      ASSERT_EQ(rig.ask_now().status, 204);
      rig.upstream->heads.clear();
    }
    PiecewiseBody source(rig.loop, {"hello"});
    NumberingStamp stamp;
    Question question(row.method);
    question.stamp = &stamp;
    if (row.with_body) {
      question.body = &source;
      question.length = 5;
    }
    const Outcome outcome = rig.ask_now(question);
    rig.settle();
    EXPECT_EQ(rig.upstream->heads.size(), row.seen);
    EXPECT_EQ(stamp.count, static_cast<int>(row.seen));
    EXPECT_EQ(rig.made().stats().retries.get(), row.seen - 1);
    EXPECT_EQ(rig.upstream->connections, row.seen);
    if (row.seen == 2) {
      EXPECT_EQ(outcome.status, 204);
      EXPECT_FALSE(outcome.reused);
      EXPECT_NE(rig.upstream->heads[0].find("x-stamp: 1\r\n"), std::string::npos);
      EXPECT_NE(rig.upstream->heads[1].find("x-stamp: 2\r\n"), std::string::npos);
    } else {
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->kind, Kind::lost);
      EXPECT_TRUE(outcome.error->maybe_executed());
    }
  }
}

TEST(Retry, OnceAndNoMore) {
  // Two idle connections; both end on the next request, and so does the fresh one.
  const Script once{head(), send(ok("x")), head()};
  Rig rig({once, once, {head()}, {head()}});
  std::vector<Outcome> first(2);
  rig.start(Question(), first[0]);
  rig.start(Question(), first[1]);
  ASSERT_TRUE(rig.turn_until([&] { return first[0].done && first[1].done; }));
  ASSERT_EQ(rig.made().stats().idle_connections.get(), 2u);
  const Outcome outcome = rig.ask_now();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::lost);
  // The retry goes over a fresh connection although an idle one was there.
  EXPECT_EQ(rig.upstream->connections, 3u);
  EXPECT_EQ(rig.upstream->heads.size(), 4u);
}

TEST(Retry, AConnectionKnownToBeDeadIsNotUsedAtAll) {
  for (const bool reset_it : {false, true}) {
    Script script{head(), send(ok("x")), gate()};
    if (reset_it) script.push_back(hard());
    Rig rig({script, {head(), send(ok("y")), drain()}});
    rig.ask_now();
    rig.upstream->open_gate();
    rig.settle();
    Question question("DELETE");
    const Outcome outcome = rig.ask_now(question);
    EXPECT_EQ(outcome.body, "y");
    EXPECT_EQ(rig.made().stats().retries.get(), 0u);
  }
}

TEST(Retry, BytesOnAnIdleConnectionCloseIt) {
  Rig rig({{head(), send(ok("x")), gate(), send("HTTP/1.1 408 Request Timeout\r\n\r\n"), drain()},
           {head(), send(ok("y")), drain()}});
  rig.ask_now();
  rig.upstream->open_gate();
  rig.settle();
  const Outcome outcome = rig.ask_now(Question("POST"));
  EXPECT_EQ(outcome.body, "y");
  EXPECT_FALSE(outcome.reused);
}

TEST(Retry, TheKernelIsAskedBeforeARequestThatCannotBeRetried) {
  Rig rig({{head(), send(ok("x")), drain()}, {head(), send(ok("y")), drain()}});
  Outcome first;
  rig.start(Question(), first);
  ASSERT_TRUE(rig.turn_until([&] { return first.done; }));
  rig.clock.advance(1500ms);
  rig.loop.run_once(0ns);
  // The origin ends, and the loop gets no turn in which it would be told.
  rig.upstream.reset();
  rig.resolver.addresses.clear();
  Outcome outcome;
  Question question("POST");
  auto task = ask(rig.made(), rig.loop, question, outcome);
  task.handle().resume();
  rig.turn_until([&] { return outcome.done; });
  ASSERT_TRUE(outcome.error);
  // Sent nowhere: the idle connection was found dead, and no other could be made.
  EXPECT_EQ(outcome.error->kind, Kind::no_address);
  EXPECT_EQ(rig.made().stats().reuses.get(), 0u);
}

TEST(Retry, WhenTheKernelTookNothingAnyMethodIsSentAgain) {
  Rig rig({{hard(), head(), send(ok("x")), drain()}});
  ScriptedOrigin other(rig.loop, {{head(), body(5), send(ok("y")), drain()}});
  Outcome first;
  rig.start(Question(), first);
  ASSERT_TRUE(rig.turn_until([&] { return first.done; }));
  rig.resolver.addresses = {other.address()};
  // The reset is there, but the loop was not told of it, and half a second is trusted.
  rig.upstream.reset();
  PiecewiseBody source(rig.loop, {"hello"});
  Question question("POST");
  question.body = &source;
  question.length = 5;
  Outcome outcome;
  auto task = ask(rig.made(), rig.loop, question, outcome);
  task.handle().resume();
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  EXPECT_EQ(outcome.body, "y");
  EXPECT_EQ(other.bodies, "hello");
  EXPECT_EQ(rig.made().stats().reuses.get(), 1u);
  EXPECT_EQ(rig.made().stats().retries.get(), 1u);
}

TEST(Retry, ConnectingIsTriedOnceMoreWhateverTheMethod) {
  for (const char* method : {"GET", "POST", "DELETE"}) {
    Rig rig;
    rig.made();
    rig.upstream.reset();  // nobody listens there any more
    PiecewiseBody source(rig.loop, {"hello"});
    Question question(method);
    question.body = &source;
    const Outcome outcome = rig.ask_now(question);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, Kind::cannot_connect);
    EXPECT_FALSE(outcome.error->maybe_executed());
    EXPECT_EQ(rig.resolver.asked, 2u);
    EXPECT_EQ(rig.made().stats().connect_failures.get(), 2u);
    EXPECT_EQ(rig.made().stats().retries.get(), 1u);
    EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
  }
}

TEST(Retry, ARetryThatCannotConnectSaysThatTheRequestMayHaveBeenExecuted) {
  Rig rig({{head(), send(ok("x")), head()}});
  rig.ask_now();
  Outcome outcome;
  rig.start(Question(), outcome);
  ASSERT_TRUE(rig.turn_until([&] { return rig.upstream->heads.size() == 2; }));
  rig.upstream.reset();
  ASSERT_TRUE(rig.turn_until([&] { return outcome.done; }));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::lost);
  EXPECT_EQ(rig.resolver.asked, 2u);
}

TEST(Retry, AllAddressesAreTriedInOrder) {
  Rig rig({{head(), send(ok("x")), drain()}});
  ScriptedOrigin gone(rig.loop, {{}});
  auto refused = gone.address();
  {
    ScriptedOrigin closed(rig.loop, {{}});
    refused = closed.address();
  }
  rig.resolver.addresses = {refused, refused, rig.upstream->address()};
  const Outcome outcome = rig.ask_now(Question("POST"));
  EXPECT_EQ(outcome.body, "x");
  EXPECT_EQ(rig.made().stats().retries.get(), 0u);
  EXPECT_EQ(rig.made().stats().connects.get(), 1u);
}

TEST(Retry, AFailedStampSendsNothingAndKeepsTheConnection) {
  Rig rig({{head(), send(ok("x")), head(), send(ok("y")), drain()}});
  rig.ask_now();
  NumberingStamp stamp;
  stamp.fails_from = 1;
  Question question("POST");
  question.stamp = &stamp;
  const Outcome outcome = rig.ask_now(question);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::stamp_failed);
  EXPECT_EQ(outcome.error->detail, "no keys");
  EXPECT_FALSE(outcome.error->maybe_executed());
  EXPECT_EQ(rig.upstream->heads.size(), 1u);
  EXPECT_TRUE(rig.ask_now().reused);
}

TEST(Retry, AStampThatFailsForTheRetryLeavesTheFirstAttemptStanding) {
  Rig rig({{head(), send(ok("x")), head()}, {head(), send(ok("y")), drain()}});
  rig.ask_now();
  NumberingStamp stamp;
  stamp.fails_from = 2;
  Question question;
  question.stamp = &stamp;
  const Outcome outcome = rig.ask_now(question);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, Kind::lost);
  rig.settle();
  EXPECT_EQ(rig.upstream->heads.size(), 2u);
}

}  // namespace
}  // namespace signet::origin
