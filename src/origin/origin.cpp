#include "origin/origin.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "origin/sending.h"

namespace signet::origin {

namespace {

using namespace std::chrono_literals;
using Kind = SendError::Kind;
using Result = std::expected<Incoming, SendError>;
using Step = Answer::Step;
using runtime::Wake;

constexpr runtime::Duration kSweepEvery = 1s;
constexpr runtime::Duration kLookUpEvery = 30s;

std::chrono::microseconds micros(runtime::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

SendError error(Kind kind) {
  return {.kind = kind, .detail = {}};
}

}  // namespace

Origin::Origin(runtime::EventLoop& loop, Settings settings, Resolver& resolver)
    : loop_(loop),
      settings_(std::move(settings)),
      host_(host_field(settings_)),
      resolver_(resolver),
      pool_(loop, settings_, stats_),
      connector_(loop, settings_, resolver, stats_),
      chores_(loop) {
  chores_.start(keep_tidy());
}

runtime::Task<Result> Origin::send(const Outgoing& request, http::ByteSource* body, Stamp* stamp) {
  stats_.requests.add();
  Sending sending(loop_, settings_, host_, stats_, request, body, stamp);
  if (sending.upload().has_body()) {
    auto first = co_await sending.upload().read_first();
    if (!first) {
      co_return std::unexpected(
          SendError{.kind = Kind::request_body, .body = first.error(), .detail = {}});
    }
  }
  sending.lease = pool_.try_take(!sending.repeatable());
  if (!sending.lease) {
    stats_.waits.add();
    const runtime::Time begin = loop_.now();
    sending.lease = co_await pool_.wait(runtime::after(begin, settings_.timeouts.queue));
    sending.timings().queue = micros(loop_.now() - begin);
    if (!sending.lease) {
      stats_.queue_timeouts.add();
      co_return std::unexpected(error(Kind::queue_timed_out));
    }
  }
  while (true) {
    if (sending.lease.connection() == nullptr) {
      const runtime::Time begin = loop_.now();
      Addresses found;
      auto made = co_await connector_.connect(found, sending.connect_budget);
      sending.timings().connect += micros(loop_.now() - begin);
      if (!found.empty()) pool_.keep_only(std::move(found));
      if (!made) {
        if (sending.may_connect_again(made.error())) continue;
        co_return std::unexpected(sending.unsent(std::move(made).error()));
      }
      sending.lease.hold(std::move(*made));
    }
    if (auto composed = sending.compose(); !composed) {
      co_return std::unexpected(std::move(composed).error());
    }
    Step step;
    while ((step = sending.send_head()) == Step::wait) {
      const runtime::Time stall = runtime::after(loop_.now(), settings_.timeouts.stall);
      if (co_await sending.stream().wait_writable(stall) == Wake::timed_out) {
        co_return std::unexpected(sending.timed_out(Kind::send_timed_out));
      }
    }
    if (step == Step::complete) {
      sending.send_body();
      while ((step = sending.read_head()) == Step::wait) {
        const runtime::Time deadline = sending.read_deadline();
        if (co_await sending.stream().wait_readable(deadline) == Wake::timed_out) {
          co_return std::unexpected(sending.timed_out(Kind::response_timed_out));
        }
      }
    }
    if (auto result = sending.conclude(step)) co_return std::move(*result);
  }
}

// Closes what idled too long, and follows the name to new addresses.
runtime::Task<void> Origin::keep_tidy() {
  const bool named = !runtime::Address::numeric(settings_.next_host(), settings_.next_port());
  runtime::Time looked_up = loop_.now();
  while (true) {
    co_await pool_.something_idle();
    co_await loop_.sleep_until(
        std::min(runtime::after(loop_.now(), kSweepEvery), pool_.next_time_out()));
    pool_.sweep();
    if (!named || loop_.now() - looked_up < kLookUpEvery) continue;
    looked_up = loop_.now();
    auto found = co_await resolver_.resolve(settings_.next_host(), settings_.next_port(),
                                            runtime::after(loop_.now(), settings_.timeouts.dns));
    if (found) pool_.keep_only(std::move(*found));
  }
}

}  // namespace signet::origin
