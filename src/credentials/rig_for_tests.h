#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "credentials/iso_time.h"
#include "credentials/observer.h"
#include "credentials/source.h"
#include "credentials/variables.h"
#include "crypto/random.h"
#include "http/fetch.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::credentials {

using namespace std::chrono_literals;

// The same sequence in every run.
class SequenceRandom final : public crypto::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    std::lock_guard lock(mutex_);
    for (std::byte& byte : bytes) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::byte>(state_ >> 56);
    }
  }

 private:
  std::mutex mutex_;
  std::uint64_t state_ = 1;
};

// An environment that tests write.
class FakeEnvironment {
 public:
  std::map<std::string, std::string, std::less<>> values;
  Variables variables() {
    return [this](std::string_view name) -> std::optional<std::string> {
      auto found = values.find(name);
      if (found == values.end()) return std::nullopt;
      return found->second;
    };
  }
};

// Remembers what it was told.
class Diary final : public Observer {
 public:
  struct Entry {
    std::string name;
    Outcome outcome;
    std::optional<Cause> cause;
    std::string reason;
    unsigned failures;
    bool usable;
    bool urgent;
    runtime::Duration next;
  };
  void refreshed(const RefreshReport& report) override {
    entries.push_back({std::string(report.name), report.outcome,
                       report.failure ? std::optional(report.failure->cause) : std::nullopt,
                       report.failure ? report.failure->reason : "", report.failures, report.usable,
                       report.urgent, report.next_attempt});
  }
  void chose(std::string_view, std::string_view source, std::string_view passed_over) override {
    choices.push_back(fmt::format("{} | {}", source, passed_over));
  }

  std::vector<Entry> entries;
  std::vector<std::string> choices;
};

// An STS, or what sits in its place. Every call is answered by `reply` after `delay`.
class FakeSts final : public http::Fetcher {
 public:
  explicit FakeSts(runtime::EventLoop& loop) : loop_(loop) {}

  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time deadline) override {
    struct Count {
      explicit Count(int& c) : count(c) { ++count; }
      ~Count() { --count; }
      int& count;
    };
    requests.push_back(request);
    std::size_t call = requests.size();
    Count counted(in_flight);
    most_in_flight = std::max(most_in_flight, in_flight);
    runtime::Time answered = runtime::after(loop_.now(), delay);
    if (delay > 0ns) co_await loop_.sleep_until(std::min(answered, deadline));
    if (answered > deadline) {
      co_return std::unexpected(
          http::FetchFailure{http::FetchError::timed_out, "no answer after 10s"});
    }
    co_return reply(requests.back(), call);
  }

  using Reply = std::expected<http::FetchAnswer, http::FetchFailure>;
  std::function<Reply(const http::FetchRequest&, std::size_t call)> reply;
  runtime::Duration delay{};
  std::vector<http::FetchRequest> requests;
  int in_flight = 0;
  int most_in_flight = 0;

 private:
  runtime::EventLoop& loop_;
};

inline http::FetchAnswer answer_of(unsigned status, std::string body) {
  http::FetchAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

inline std::string credentials_xml(std::string_view id, std::string_view secret,
                                   std::string_view token, std::string_view expiration) {
  return fmt::format(
      "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
      "  <AssumeRoleResult>\n"
      "    <SourceIdentity>Alice</SourceIdentity>\n"
      "    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/signet</Arn>\n"
      "      <AssumedRoleId>ARO123EXAMPLE123:signet</AssumedRoleId></AssumedRoleUser>\n"
      "    <Credentials>\n"
      "      <AccessKeyId>{}</AccessKeyId>\n"
      "      <SecretAccessKey>{}</SecretAccessKey>\n"
      "      <SessionToken>{}</SessionToken>\n"
      "      <Expiration>{}</Expiration>\n"
      "    </Credentials>\n"
      "    <PackedPolicySize>8</PackedPolicySize>\n"
      "  </AssumeRoleResult>\n"
      "  <ResponseMetadata><RequestId>c6104cbe-af31-11e0</RequestId></ResponseMetadata>\n"
      "</AssumeRoleResponse>\n",
      id, secret, token, expiration);
}

inline std::string error_xml(std::string_view code, std::string_view message) {
  return fmt::format(
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
      "</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>1</RequestId>"
      "</ErrorResponse>",
      code, message);
}

// One loop under a clock that the test moves.
class LoopTest {
 public:
  void turn(int turns = 12) {
    for (int i = 0; i < turns; ++i)
      loop.run_once(0ns);
  }
  // In steps that no timer can hide in.
  void pass(runtime::Duration time, runtime::Duration step = 100ms) {
    for (runtime::Duration done{}; done < time; done += step) {
      clock.advance(std::min(step, time - done));
      turn(8);
    }
  }
  // Waits for helper threads, which the test's clock does not move.
  bool until(const std::function<bool()>& predicate) {
    for (int i = 0; i < 5000 && !predicate(); ++i)
      loop.run_once(2ms);
    return predicate();
  }
  std::int64_t now() const { return clock.unix_seconds(); }

  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  SequenceRandom random;
  Diary diary;
};

}  // namespace signet::credentials
