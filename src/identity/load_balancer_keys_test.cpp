#include "identity/load_balancer_keys.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/tokens_for_tests.h"
#include "runtime/task_set.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using runtime::Duration;

constexpr const char* kAddress = "https://public-keys.auth.elb.eu-west-1.amazonaws.com";

std::string id(int number) {
  return fmt::format("{:08x}-0000-4000-8000-0123456789ab", number);
}

class Store final : public http::Fetcher {
 public:
  explicit Store(runtime::EventLoop& loop) : loop_(loop) {}
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time deadline) override {
    asked.push_back(request.url);
    if (delay > 0ns) {
      co_await loop_.sleep_until(std::min(runtime::after(loop_.now(), delay), deadline));
    }
    if (down) {
      co_return std::unexpected(http::FetchFailure{http::FetchError::unreachable, "refused"});
    }
    http::FetchAnswer answer;
    const auto found = answers.find(request.url);
    answer.status = found == answers.end() ? 403 : found->second.first;
    if (found != answers.end()) answer.body = found->second.second;
    co_return answer;
  }
  void keep(int number, std::string text, unsigned status = 200) {
    answers[fmt::format("{}/{}", kAddress, id(number))] = {status, std::move(text)};
  }
  std::map<std::string, std::pair<unsigned, std::string>> answers;
  std::vector<std::string> asked;
  bool down = false;
  Duration delay{};

 private:
  runtime::EventLoop& loop_;
};

class Diary final : public LoadBalancerKeysObserver {
 public:
  void fetched(std::string_view key_id) override { lines.emplace_back(key_id); }
  void failed(std::string_view, std::string_view detail) override { lines.emplace_back(detail); }
  std::vector<std::string> lines;
};

class LoadBalancerKeysTest : public testing::Test {
 protected:
  LoadBalancerKeysTest() { keys_.set_address(*config::parse_url(kAddress)); }
  void turn(int times = 12) {
    for (int i = 0; i < times; ++i)
      loop_.run_once(0ms);
  }
  void pass(Duration time, Duration step = 100ms) {
    for (Duration done{}; done < time; done += step) {
      clock_.advance(step);
      turn(6);
    }
  }
  static runtime::Task<void> renew(LoadBalancerKeysView& view, std::string key_id,
                                   runtime::Time deadline, std::string& into) {
    auto renewing = view.renew(std::move(key_id), deadline);
    into = co_await std::move(renewing) ? "there" : "no";
  }
  void begin(std::string key_id, std::string& into, Duration within = 3s) {
    tasks_.start(renew(view_, std::move(key_id), runtime::after(loop_.now(), within), into));
    turn();
  }
  std::string ask(std::string key_id) {
    std::string outcome = "waits";
    begin(std::move(key_id), outcome);
    return outcome;
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  Store store_{loop_};
  Diary diary_;
  LoadBalancerKeys keys_{loop_, store_, diary_, {}};
  LoadBalancerKeysView view_{keys_, loop_};
  runtime::TaskSet tasks_{loop_};
};

TEST_F(LoadBalancerKeysTest, FetchesAKeyOnce) {
  store_.keep(1, p256_key().pem());
  EXPECT_EQ(view_.page()->find(id(1)), nullptr);
  EXPECT_EQ(ask(id(1)), "there");
  const auto page = view_.page();
  ASSERT_NE(page->find(id(1)), nullptr);
  const std::string signature = p256_key().sign(Algorithm::es256, "data");
  EXPECT_TRUE(page->find(id(1))->verify(Algorithm::es256, "data", signature));
  EXPECT_EQ(page->find(id(2)), nullptr);
  EXPECT_EQ(ask(id(1)), "there");
  EXPECT_EQ(store_.asked, std::vector<std::string>{fmt::format("{}/{}", kAddress, id(1))});
  EXPECT_EQ(diary_.lines, std::vector<std::string>{id(1)});
}

TEST_F(LoadBalancerKeysTest, OnlyUuidsBecomeAddresses) {
  for (const std::string& bad :
       {std::string(), std::string("x"), id(1) + "x", id(1).substr(1), "../" + id(1).substr(3),
        std::string("0000000G-0000-4000-8000-0123456789ab"),
        std::string("0000000A-0000-4000-8000-0123456789ab"),
        std::string("00000001-0000-4000-8000-0123456789a/"),
        std::string("00000001-0000-4000-8000-0123456789a?"),
        std::string("00000001-0000-4000-8000-01234567%2fb"),
        std::string("00000001.0000.4000.8000.0123456789ab"),
        std::string("00000001-0000-4000-8000-0123456789a\0", 36),
        std::string("000000001-000-4000-8000-0123456789ab"), std::string(36, '-'),
        std::string(36, 'a')}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
    EXPECT_EQ(ask(bad), "no") << bad;
  }
  EXPECT_TRUE(store_.asked.empty());
}

TEST_F(LoadBalancerKeysTest, ManyWaitForOneFetch) {
  store_.keep(1, p256_key().pem());
  store_.delay = 1s;
  std::vector<std::string> outcomes(50, "waits");
  for (std::string& each : outcomes)
    begin(id(1), each);
  EXPECT_EQ(outcomes.front(), "waits");
  pass(2s);
  EXPECT_TRUE(std::ranges::all_of(outcomes, [](const auto& each) { return each == "there"; }));
  EXPECT_EQ(store_.asked.size(), 1u);
}

struct BadKey {
  const char* what;
  std::string text;
  unsigned status;
};

TEST_F(LoadBalancerKeysTest, NoKeyIsTakenFromABadAnswer) {
  const std::string good = p256_key().pem();
  int number = 1;
  for (const BadKey& row :
       std::vector<BadKey>{{"not there", good, 404},
                           {"forbidden", good, 403},
                           {"a redirect", good, 302},
                           {"a fault", good, 500},
                           {"nothing", "", 200},
                           {"XML", "<Error><Code>AccessDenied</Code></Error>", 200},
                           {"RSA", rsa_key().pem(), 200},
                           {"P-384", crypto::SigningKey::elliptic("P-384").pem(), 200},
                           {"huge", good + std::string(5000, '\n'), 200}}) {
    store_.keep(number, row.text, row.status);
    EXPECT_EQ(ask(id(number)), "no") << row.what;
    EXPECT_EQ(diary_.lines.size(), static_cast<std::size_t>(number)) << row.what;
    EXPECT_FALSE(diary_.lines.back().contains("BEGIN")) << row.what;
    ++number;
    pass(2s);
  }
  EXPECT_TRUE(view_.page()->entries.empty());
}

TEST_F(LoadBalancerKeysTest, WhatIsNotThereIsNotLookedForAgainSoon) {
  EXPECT_EQ(ask(id(1)), "no");
  EXPECT_EQ(ask(id(1)), "no");
  pass(4min, 1s);
  EXPECT_EQ(ask(id(1)), "no");
  EXPECT_EQ(store_.asked.size(), 1u);
  store_.keep(1, p256_key().pem());
  pass(2min, 1s);
  EXPECT_EQ(ask(id(1)), "there");
}

TEST_F(LoadBalancerKeysTest, WhatCannotBeHadIsLookedForAgain) {
  store_.keep(1, p256_key().pem());
  store_.down = true;
  EXPECT_EQ(ask(id(1)), "no");
  store_.down = false;
  EXPECT_EQ(ask(id(1)), "no");
  pass(6s);
  EXPECT_EQ(ask(id(1)), "there");
}

TEST_F(LoadBalancerKeysTest, InventedKeysAreLookedForAtABoundedRate) {
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(ask(id(i)), "no");
    pass(100ms);
  }
  EXPECT_LE(store_.asked.size(), 40u) << "eight, and one in two seconds";
  EXPECT_GE(store_.asked.size(), 36u);
  store_.keep(1000, p256_key().pem());
  pass(2s);
  EXPECT_EQ(ask(id(1000)), "there");
}

TEST_F(LoadBalancerKeysTest, AWaitEnds) {
  store_.keep(1, p256_key().pem());
  store_.delay = 4s;
  std::string outcome = "waits";
  begin(id(1), outcome, 1s);
  pass(2s);
  EXPECT_EQ(outcome, "no");
  pass(3s);
  EXPECT_NE(view_.page()->find(id(1)), nullptr) << "others may want it";
  store_.delay = 60s;
  begin(id(2), outcome, 60s);
  pass(6s);
  EXPECT_EQ(outcome, "no");
  EXPECT_TRUE(diary_.lines.back().contains("in time")) << diary_.lines.back();
}

TEST_F(LoadBalancerKeysTest, TheOldestOfTooManyGoes) {
  const LoadBalancerKeyRules rules;
  for (int i = 0; i <= static_cast<int>(rules.most_keys); ++i) {
    store_.keep(i, p256_key().pem());
    EXPECT_EQ(ask(id(i)), "there");
    pass(2s, 1s);
  }
  EXPECT_EQ(view_.page()->entries.size(), rules.most_keys);
  EXPECT_EQ(view_.page()->find(id(0)), nullptr);
  EXPECT_NE(view_.page()->find(id(1)), nullptr);
  EXPECT_EQ(ask(id(0)), "there") << "and comes again";
}

TEST_F(LoadBalancerKeysTest, AnotherAddressMeansOtherKeys) {
  store_.keep(1, p256_key().pem());
  EXPECT_EQ(ask(id(1)), "there");
  const auto version = view_.page()->version;
  keys_.set_address(*config::parse_url(kAddress));
  EXPECT_EQ(view_.page()->version, version) << "the same address changes nothing";
  store_.delay = 1s;
  store_.keep(2, p256_key().pem());
  std::string outcome = "waits";
  begin(id(2), outcome);
  keys_.set_address(std::nullopt);
  turn();
  EXPECT_EQ(outcome, "no");
  EXPECT_TRUE(view_.page()->entries.empty());
  EXPECT_NE(view_.page()->version, version);
  EXPECT_EQ(ask(id(1)), "no");
  EXPECT_EQ(store_.asked.size(), 2u);
}

TEST_F(LoadBalancerKeysTest, Stops) {
  store_.keep(1, p256_key().pem());
  store_.delay = 1s;
  std::string outcome = "waits";
  begin(id(1), outcome);
  keys_.stop();
  turn();
  EXPECT_EQ(outcome, "no");
  EXPECT_EQ(ask(id(1)), "no");
}

// Another thread's loop asks, and has the page when its answer comes.
TEST(LoadBalancerKeysThreads, OtherLoopsSeeThePage) {
  runtime::SystemClock clock;
  runtime::EventLoop home(clock);
  runtime::EventLoop other(clock);
  Store store(home);
  store.keep(1, p256_key().pem());
  Diary diary;
  LoadBalancerKeys keys(home, store, diary, {});
  keys.set_address(*config::parse_url(kAddress));
  LoadBalancerKeysView view(keys, other);
  std::atomic<bool> done{false};
  bool there = false;
  bool found = false;
  struct Lane {
    static runtime::Task<void> run(LoadBalancerKeysView& view, runtime::Time deadline, bool& there,
                                   bool& found) {
      auto renewing = view.renew(id(1), deadline);
      there = co_await std::move(renewing);
      found = view.page()->find(id(1)) != nullptr;
    }
  };
  std::thread thread([&] {
    {
      runtime::TaskSet tasks(other);
      tasks.start(Lane::run(view, runtime::after(other.now(), 5s), there, found));
      while (tasks.size() > 0)
        other.run_once(10ms);
    }
    other.shut();
    done = true;
  });
  while (!done)
    home.run_once(1ms);
  thread.join();
  EXPECT_TRUE(there);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace signet::identity
