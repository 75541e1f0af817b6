#include <algorithm>

#include <gtest/gtest.h>

#include "origin/scripted_origin.h"

namespace signet::origin {
namespace {

using Kind = SendError::Kind;
using namespace std::chrono_literals;

// As many answered requests on one connection as a test may ask.
Script patient() {
  Script script;
  for (int i = 0; i < 60; ++i) {
    script.push_back(head());
    script.push_back(send(ok("x")));
  }
  script.push_back(drain());
  return script;
}

// Asks that many at the same time; they are answered when the gate opens.
std::vector<Outcome> ask_at_once(Rig& rig, std::size_t count) {
  std::vector<Outcome> outcomes(count);
  const Question question;
  for (Outcome& outcome : outcomes)
    rig.start(question, outcome);
  rig.turn_until([&] { return rig.upstream->heads.size() == count; });
  rig.upstream->open_gate();
  rig.turn_until(
      [&] { return std::ranges::all_of(outcomes, [](const Outcome& each) { return each.done; }); });
  return outcomes;
}

Script gated(std::string text) {
  Script script = patient();
  script[1] = gate();
  script.insert(script.begin() + 2, send(ok(text)));
  return script;
}

TEST(Pool, ServesOneAfterTheOtherOnOneConnection) {
  Rig rig({patient()});
  for (int i = 0; i < 5; ++i) {
    const Outcome outcome = rig.ask_now();
    EXPECT_EQ(outcome.body, "x");
    EXPECT_EQ(outcome.reused, i > 0);
  }
  EXPECT_EQ(rig.upstream->connections, 1u);
  EXPECT_EQ(rig.made().stats().requests.get(), 5u);
  EXPECT_EQ(rig.made().stats().reuses.get(), 4u);
  EXPECT_EQ(rig.made().stats().connects.get(), 1u);
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 1u);
  EXPECT_FALSE(rig.made().busy());
}

TEST(Pool, IdleConnectionsHoldNoBuffer) {
  Rig rig({gated("x")});
  ask_at_once(rig, 4);
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 4u);
  EXPECT_EQ(rig.loop.blocks().bytes_in_use(), 0u);
}

TEST(Pool, LastInFirstOut) {
  Rig rig({gated("a"), gated("b"), gated("c")});
  ask_at_once(rig, 3);
  ASSERT_EQ(rig.made().stats().idle_connections.get(), 3u);
  // Only the newest is used; the others reach the time-out.
  for (int i = 0; i < 10; ++i) {
    rig.clock.advance(900ms);
    rig.loop.run_once(0ns);
    EXPECT_TRUE(rig.ask_now().reused);
  }
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 1u);
  EXPECT_EQ(rig.upstream->connections, 3u);
}

TEST(Pool, AnIdleConnectionIsClosedInTime) {
  Rig rig({patient()});
  rig.ask_now();
  rig.settle();
  rig.clock.advance(3900ms);
  rig.settle();
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 1u);
  rig.clock.advance(120ms);
  rig.settle();
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 0u);
  EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
}

TEST(Pool, AConnectionThatIdledTooLongIsNotTaken) {
  Rig rig({patient()});
  Outcome first;
  rig.start(Question(), first);
  ASSERT_TRUE(rig.turn_until([&] { return first.done; }));
  rig.clock.advance(4s);
  const Outcome outcome = rig.ask_now();
  EXPECT_EQ(outcome.body, "x");
  EXPECT_FALSE(outcome.reused);
}

TEST(Pool, WhatTheOriginEndsIsForgottenWithinASecond) {
  Rig rig({{head(), send(ok("x")), gate()}});
  rig.ask_now();
  rig.settle();
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 1u);
  rig.upstream->open_gate();
  rig.settle();
  rig.clock.advance(1100ms);
  rig.settle();
  EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
}

TEST(Pool, AFullPoolQueuesFirstComeFirstServed) {
  Script one_by_one{head(), gate()};
  for (const char* text : {"1", "2", "3", "4"}) {
    one_by_one.push_back(send(ok(text)));
    one_by_one.push_back(head());
  }
  Rig rig({one_by_one});
  rig.settings.connections = 1;
  std::vector<Outcome> outcomes(4);
  const Question question;
  for (Outcome& outcome : outcomes) {
    rig.start(question, outcome);
    rig.loop.run_once(0ns);
  }
  rig.settle();
  EXPECT_EQ(rig.made().stats().waits.get(), 3u);
  rig.clock.advance(2s);
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return outcomes[3].done; }));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(outcomes[i].body, std::to_string(i + 1));
    EXPECT_EQ(outcomes[i].timings.queue, i == 0 ? 0us : 2'000'000us);
  }
  EXPECT_EQ(rig.upstream->connections, 1u);
}

TEST(Pool, WaitingEndsAtItsDeadline) {
  Rig rig({{head(), gate(), send(ok("x")), drain()}});
  rig.settings.connections = 1;
  Outcome first;
  Outcome second;
  const Question question("POST");
  rig.start(question, first);
  rig.settle();
  rig.start(question, second);
  rig.settle();
  rig.clock.advance(4900ms);
  rig.settle();
  EXPECT_FALSE(second.done);
  rig.clock.advance(200ms);
  ASSERT_TRUE(rig.turn_until([&] { return second.done; }));
  ASSERT_TRUE(second.error);
  EXPECT_EQ(second.error->kind, Kind::queue_timed_out);
  EXPECT_FALSE(second.error->maybe_executed());
  EXPECT_EQ(rig.made().stats().queue_timeouts.get(), 1u);
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return first.done; }));
  EXPECT_EQ(first.body, "x");
}

TEST(Pool, AClosedConnectionLetsTheNextOneConnect) {
  // The first answer ends its connection; whoever waits gets the right to make one.
  Rig rig({{head(), gate(), send("HTTP/1.0 200 OK\r\n\r\nfirst"), finish()}, patient()});
  rig.settings.connections = 1;
  Outcome first;
  Outcome second;
  const Question question;
  rig.start(question, first);
  rig.settle();
  rig.start(question, second);
  rig.settle();
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return second.done; }));
  EXPECT_EQ(first.body, "first");
  EXPECT_EQ(second.body, "x");
  EXPECT_EQ(rig.upstream->connections, 2u);
}

TEST(Pool, WhoeverLeavesTheQueueTakesNothingAlong) {
  Rig rig({gated("x")});
  rig.settings.connections = 1;
  Outcome first;
  Outcome second;
  Outcome third;
  const Question question;
  rig.start(question, first);
  rig.settle();
  auto* entry = rig.start(question, second);
  rig.settle();
  rig.start(question, third);
  rig.settle();
  rig.tasks->cancel(entry);
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return third.done; }));
  EXPECT_EQ(third.body, "x");
  EXPECT_FALSE(second.done);
}

TEST(Pool, ARightThatWasJustGrantedPassesOnWhenItsOwnerDies) {
  Rig rig({gated("x")});
  rig.settings.connections = 1;
  std::vector<Outcome> outcomes(3);
  const Question question;
  rig.start(question, outcomes[0]);
  rig.settle();
  auto* second = rig.start(question, outcomes[1]);
  rig.settle();
  rig.start(question, outcomes[2]);
  rig.settle();
  rig.upstream->open_gate();
  // At this moment the first is done, and the second was granted its connection but did not run.
  for (int i = 0; i < 3000 && !outcomes[0].done; ++i)
    rig.loop.run_once(1ms);
  rig.tasks->cancel(second);
  ASSERT_TRUE(rig.turn_until([&] { return outcomes[2].done; }));
  EXPECT_EQ(outcomes[2].body, "x");
  EXPECT_EQ(rig.made().stats().open_connections.get(), 1u);
}

TEST(Pool, AddressesThatTheNameLostAreDropped) {
  Rig rig({patient()});
  rig.settings.host = "mlflow.test";
  ScriptedOrigin other(rig.loop, {patient()});
  rig.ask_now();
  rig.resolver.addresses = {other.address()};
  // Steady traffic keeps the connection in use; the name is still looked up again.
  for (int i = 0; i < 40 && other.connections == 0; ++i) {
    rig.clock.advance(1s);
    rig.settle();
    ASSERT_EQ(rig.ask_now().body, "x");
  }
  EXPECT_EQ(other.connections, 1u);
  rig.settle();
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
}

TEST(Pool, ABusyConnectionToALostAddressIsClosedWhenItComesBack) {
  Rig rig({{head(), gate(), send(ok("x")), drain()}});
  rig.settings.host = "mlflow.test";
  ScriptedOrigin other(rig.loop, {patient()});
  Outcome slow;
  const Question question;
  rig.start(question, slow);
  rig.settle();
  rig.resolver.addresses = {other.address()};
  EXPECT_EQ(rig.ask_now().body, "x");
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return slow.done; }));
  rig.settle();
  EXPECT_EQ(slow.body, "x");
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
  EXPECT_EQ(rig.made().stats().idle_connections.get(), 1u);
}

TEST(Pool, ARetiredOriginFinishesAndKeepsNothing) {
  Rig rig({gated("x")});
  const Question question;
  Outcome running;
  Outcome before;
  rig.start(question, running);
  rig.settle();
  rig.made().retire();
  EXPECT_TRUE(rig.made().busy());
  rig.upstream->open_gate();
  ASSERT_TRUE(rig.turn_until([&] { return running.done; }));
  EXPECT_EQ(running.body, "x");
  EXPECT_FALSE(rig.made().busy());
  rig.settle();
  EXPECT_EQ(rig.made().stats().open_connections.get(), 0u);
  EXPECT_EQ(rig.upstream->connections_ended, 1u);
}

TEST(Pool, SteadyPostsToAnOriginThatClosesIdleConnectionsNeverFail) {
  Script uvicorn;
  for (int i = 0; i < 100; ++i) {
    uvicorn.push_back(head_soon());
    uvicorn.push_back(send(ok("x")));
  }
  Rig rig({uvicorn});
  for (int i = 0; i < 60; ++i) {
    const Outcome outcome = rig.ask_now(Question("POST"));
    ASSERT_FALSE(outcome.error);
    EXPECT_EQ(outcome.body, "x");
    // Now and then no turn of the loop lies between the origin's end and the next request.
    rig.clock.advance(std::chrono::milliseconds(i % 8 * 890));
    if (i % 3 != 0) rig.settle();
  }
  EXPECT_GT(rig.made().stats().reuses.get(), 10u);
  EXPECT_GT(rig.upstream->connections, 5u);
}

}  // namespace
}  // namespace signet::origin
