#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "credentials/refresher.h"
#include "credentials/rig_for_tests.h"

namespace signet::credentials {

// What a source does next, and how often it was asked.
struct Script {
  std::function<std::expected<Keys, SourceFailure>(int call)> answer;
  runtime::Duration delay{};
  int calls = 0;
  int in_flight = 0;
  int most_in_flight = 0;
  bool heeds_deadline = true;
};

class ScriptedSource final : public Source {
 public:
  ScriptedSource(runtime::EventLoop& loop, Script& script) : loop_(loop), script_(script) {}
  std::string name() const override { return "script"; }
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) override {
    struct Flight {
      explicit Flight(Script& s) : script(s) {
        script.most_in_flight = std::max(script.most_in_flight, ++script.in_flight);
      }
      ~Flight() { --script.in_flight; }
      Script& script;
    };
    int call = ++script_.calls;
    Flight flight(script_);
    runtime::Time until = runtime::after(loop_.now(), script_.delay);
    if (script_.heeds_deadline && until > deadline) {
      co_await loop_.sleep_until(deadline);
      co_return std::unexpected(SourceFailure(Cause::timed_out, "script was slow"));
    }
    if (script_.delay > 0ns) co_await loop_.sleep_until(until);
    co_return script_.answer(call);
  }

 private:
  runtime::EventLoop& loop_;
  Script& script_;
};

inline Keys keys_of(std::string id, std::string secret, std::optional<std::int64_t> expires) {
  Keys keys;
  keys.key.id = std::move(id);
  keys.key.secret = std::move(secret);
  keys.expires = expires;
  keys.origin = "script";
  return keys;
}

struct Got {
  std::string id;  // of the keys, or empty
  SourceFailure failure;
};

inline runtime::Task<void> get(Holder& holder, runtime::Time deadline, std::optional<Got>& into) {
  auto getting = holder.get(deadline);
  auto keys = co_await std::move(getting);
  Got got;
  if (keys) {
    got.id = (*keys)->key.id;
  } else {
    got.failure = std::move(keys.error());
  }
  into.emplace(std::move(got));
}

class RefresherTest : public testing::Test, public LoopTest {
 public:
  void begin() {
    refresher = std::make_unique<Refresher>(
        loop, "test", std::make_unique<ScriptedSource>(loop, script), rules, random, diary);
    holder = std::make_unique<Holder>(loop, refresher->line());
  }
  // New keys for every call, that live this long.
  void issue(std::chrono::seconds life) {
    script.answer = [this, life](int call) -> std::expected<Keys, SourceFailure> {
      return keys_of(fmt::format("K{}", call), "s", now() + life.count());
    };
  }
  void refuse(Cause cause = Cause::unreachable) {
    script.answer = [cause](int) -> std::expected<Keys, SourceFailure> {
      return std::unexpected(SourceFailure(cause, "script says no"));
    };
  }
  std::string id() const { return holder->current() ? holder->current()->key.id : ""; }

  Script script;
  RefreshRules rules;
  std::unique_ptr<Refresher> refresher;
  std::unique_ptr<Holder> holder;
};

}  // namespace signet::credentials
