#include "identity/key_book.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/task_set.h"

namespace signet::identity {
namespace {

using namespace std::chrono_literals;
using runtime::Duration;

constexpr const char* kIssuer = "https://login.example.com/tenant";
constexpr const char* kMetadata =
    "https://login.example.com/tenant/.well-known/openid-configuration";
constexpr const char* kKeys = "https://keys.example.com/jwks";

// A P-256 point: any will do (RFC 7517 appendix A.1).
std::string keys_json(const std::string& kid) {
  return fmt::format(
      R"({{"keys": [{{"kty": "EC", "crv": "P-256", "kid": "{}",
          "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}}]}})",
      kid);
}
std::string metadata_json(const std::string& issuer = kIssuer, const std::string& jwks = kKeys) {
  return fmt::format(R"({{"issuer": "{}", "jwks_uri": "{}", "other": [1, {{"a": null}}]}})", issuer,
                     jwks);
}

class ScriptedFetcher final : public http::Fetcher {
 public:
  explicit ScriptedFetcher(runtime::EventLoop& loop) : loop_(loop) {
    answers[kMetadata] = metadata_json();
    answers[kKeys] = keys_json("1");
  }
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
    answer.status = found == answers.end() ? 404 : 200;
    if (found != answers.end()) answer.body = found->second;
    co_return answer;
  }

  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
  bool down = false;
  Duration delay{};

 private:
  runtime::EventLoop& loop_;
};

class Diary final : public KeyBookObserver {
 public:
  void fetched(std::string_view issuer, const KeySet& keys) override {
    lines.push_back(fmt::format("{} has {}", issuer, keys.keys().size()));
  }
  void failed(std::string_view, const DiscoveryFailure& failure, bool serving) override {
    lines.push_back(fmt::format("{}{}", to_string(failure.error), serving ? ", serving" : ""));
    detail = failure.detail;
  }
  std::vector<std::string> lines;
  std::string detail;
};

class KeyBookTest : public testing::Test {
 protected:
  void turn(int times = 10) {
    for (int i = 0; i < times; ++i)
      loop_.run_once(0ms);
  }
  void pass(Duration time, Duration step = 100ms) {
    for (Duration done{}; done < time; done += step) {
      clock_.advance(step);
      turn(6);
    }
  }
  void begin(const std::string& issuer = kIssuer) {
    book_.set_issuers({{issuer, *config::parse_url(issuer)}});
    turn();
  }
  bool has(std::string_view kid) const {
    const KeyBookPage::Entry* entry = view_.page()->find(kIssuer);
    return entry != nullptr && entry->keys != nullptr && entry->keys->has(kid);
  }
  // Begins renew() and says what came of it, or "waits".
  struct Renewal {
    std::string outcome = "waits";
  };
  static runtime::Task<void> renew(KeyBookView& view, runtime::Time deadline, Renewal& into) {
    auto renewing = view.renew(kIssuer, deadline);
    into.outcome = co_await std::move(renewing) ? "newer" : "no";
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  ScriptedFetcher fetcher_{loop_};
  Diary diary_;
  KeyBook book_{loop_, fetcher_, diary_, {}, 1};
  KeyBookView view_{book_, loop_};
  runtime::TaskSet tasks_{loop_};
};

TEST_F(KeyBookTest, FetchesWhatTheMetadataNames) {
  begin();
  EXPECT_TRUE(has("1"));
  EXPECT_EQ(fetcher_.asked, (std::vector<std::string>{kMetadata, kKeys}));
  EXPECT_EQ(diary_.lines, (std::vector<std::string>{fmt::format("{} has 1", kIssuer)}));
  EXPECT_EQ(view_.page()->find("https://other.example.com"), nullptr);
  // Again within the hour and a fifth, and not before four fifths.
  pass(47min, 10s);
  EXPECT_EQ(fetcher_.asked.size(), 2u);
  pass(26min, 10s);
  EXPECT_EQ(fetcher_.asked.size(), 4u);
}

TEST_F(KeyBookTest, ServesTheLastKeysWhileTheIssuerIsDown) {
  begin();
  fetcher_.down = true;
  pass(5h, 30s);
  EXPECT_TRUE(has("1"));
  EXPECT_EQ(diary_.lines.back(), "unreachable, serving");
  fetcher_.down = false;
  fetcher_.answers[kKeys] = keys_json("2");
  pass(61s, 1s);
  EXPECT_TRUE(has("2"));
  EXPECT_FALSE(has("1"));
}

TEST_F(KeyBookTest, BacksOff) {
  fetcher_.down = true;
  begin();
  pass(60min, 1s);
  EXPECT_FALSE(has("1"));
  EXPECT_GT(diary_.lines.size(), 60u);
  EXPECT_LT(diary_.lines.size(), 90u);
  fetcher_.down = false;
  pass(61s, 1s);
  EXPECT_TRUE(has("1"));
}

TEST_F(KeyBookTest, AnUnknownKeyIsLookedForAtABoundedRate) {
  begin();
  fetcher_.answers[kKeys] = keys_json("2");
  pass(40s, 1s);
  EXPECT_EQ(fetcher_.asked.size(), 2u);
  std::vector<Renewal> renewals(50);
  for (Renewal& each : renewals)
    tasks_.start(renew(view_, runtime::after(loop_.now(), 3s), each));
  turn(20);
  EXPECT_EQ(renewals.front().outcome, "newer");
  EXPECT_EQ(renewals.back().outcome, "no") << "only one waits";
  EXPECT_TRUE(has("2"));
  EXPECT_EQ(fetcher_.asked.size(), 4u);
  // A flood of tokens with invented keys.
  for (int i = 0; i < 600; ++i) {
    Renewal again;
    auto* entry = tasks_.start(renew(view_, runtime::after(loop_.now(), 3s), again));
    pass(100ms);
    if (again.outcome == "waits") tasks_.cancel(entry);
    turn();
  }
  EXPECT_LE(fetcher_.asked.size(), 10u) << "at most one fetch, of two documents, in 30 s";
}

TEST_F(KeyBookTest, AWishThatCannotBeMetEnds) {
  begin();
  pass(40s, 1s);
  fetcher_.delay = 60s;
  Renewal renewal;
  tasks_.start(renew(view_, runtime::after(loop_.now(), 3s), renewal));
  pass(2s);
  EXPECT_EQ(renewal.outcome, "waits");
  pass(2s);
  EXPECT_EQ(renewal.outcome, "no");
  EXPECT_TRUE(has("1"));
  pass(10s);
  EXPECT_EQ(diary_.lines.back(), "timed_out, serving");
}

TEST_F(KeyBookTest, IssuersComeAndGo) {
  begin();
  fetcher_.answers["https://b.example.com/.well-known/openid-configuration"] =
      metadata_json("https://b.example.com", "https://b.example.com/keys");
  fetcher_.answers["https://b.example.com/keys"] = keys_json("b");
  const IssuerAddress a{kIssuer, *config::parse_url(kIssuer)};
  const IssuerAddress b{"https://b.example.com", *config::parse_url("https://b.example.com")};
  book_.set_issuers({a, b, a});
  turn();
  EXPECT_EQ(view_.page()->entries.size(), 2u);
  EXPECT_TRUE(has("1"));
  EXPECT_EQ(fetcher_.asked.size(), 4u) << "those known before keep their keys";
  ASSERT_NE(view_.page()->find("https://b.example.com"), nullptr);
  EXPECT_TRUE(view_.page()->find("https://b.example.com")->keys->has("b"));
  book_.set_issuers({b});
  turn();
  EXPECT_FALSE(has("1"));
  EXPECT_EQ(view_.page()->entries.size(), 1u);
  pass(3h, 60s);
  EXPECT_EQ(std::ranges::count(fetcher_.asked, kMetadata), 1);
}

TEST_F(KeyBookTest, GoesWhileItFetches) {
  fetcher_.delay = 5s;
  begin();
  pass(1s);
  book_.set_issuers({});
  turn();
  pass(10s);
  EXPECT_TRUE(view_.page()->entries.empty());
  EXPECT_TRUE(diary_.lines.empty());
}

struct BadDocument {
  const char* what;
  std::string metadata;
  std::string keys;
  DiscoveryError error;
};

TEST_F(KeyBookTest, NothingOfABadDocumentIsTaken) {
  const std::string keys = keys_json("1");
  for (const BadDocument& row : std::vector<BadDocument>{
           {"garbage", "<html>", keys, DiscoveryError::bad_document},
           {"a list", "[]", keys, DiscoveryError::bad_document},
           {"twice an issuer",
            R"({"issuer": "https://evil.example", "issuer": "https://login.example.com/tenant",
                "jwks_uri": "https://keys.example.com/jwks"})",
            keys, DiscoveryError::bad_document},
           {"another issuer", metadata_json("https://login.example.com/other"), keys,
            DiscoveryError::other_issuer},
           {"an issuer with a slash more", metadata_json(std::string(kIssuer) + "/"), keys,
            DiscoveryError::other_issuer},
           {"an issuer in capitals", metadata_json("https://LOGIN.example.com/tenant"), keys,
            DiscoveryError::other_issuer},
           {"no issuer", R"({"jwks_uri": "https://keys.example.com/jwks"})", keys,
            DiscoveryError::other_issuer},
           {"no keys' address", fmt::format(R"({{"issuer": "{}"}})", kIssuer), keys,
            DiscoveryError::bad_document},
           {"an address that is a number",
            fmt::format(R"({{"issuer": "{}", "jwks_uri": 1}})", kIssuer), keys,
            DiscoveryError::bad_document},
           {"a file", metadata_json(kIssuer, "file:///etc/passwd"), keys,
            DiscoveryError::bad_document},
           {"plain http", metadata_json(kIssuer, "http://keys.example.com/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"this machine", metadata_json(kIssuer, "https://127.0.0.1/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"this machine by name", metadata_json(kIssuer, "https://localhost/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"this machine in IPv6", metadata_json(kIssuer, "https://[::1]/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"this machine in both", metadata_json(kIssuer, "https://[::ffff:127.0.0.1]/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"instance metadata", metadata_json(kIssuer, "https://169.254.169.254/latest"), keys,
            DiscoveryError::forbidden_url},
           {"instance metadata in IPv6", metadata_json(kIssuer, "https://[fd00:ec2::254]/"), keys,
            DiscoveryError::forbidden_url},
           {"a neighbour", metadata_json(kIssuer, "https://[fe80::1]/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"nothing at all", metadata_json(kIssuer, "https://0.0.0.0/jwks"), keys,
            DiscoveryError::forbidden_url},
           {"keys that are none", metadata_json(), "{}", DiscoveryError::bad_keys},
           {"keys that are garbage", metadata_json(), "x", DiscoveryError::bad_keys},
           {"no keys there", metadata_json(kIssuer, "https://keys.example.com/gone"), keys,
            DiscoveryError::bad_status}}) {
    fetcher_.answers[kMetadata] = row.metadata;
    fetcher_.answers[kKeys] = row.keys;
    diary_.lines.clear();
    begin();
    ASSERT_FALSE(diary_.lines.empty()) << row.what;
    EXPECT_EQ(diary_.lines.back(), to_string(row.error)) << row.what << ": " << diary_.detail;
    EXPECT_FALSE(has("1")) << row.what;
    book_.set_issuers({});
    turn();
  }
}

TEST(Discovery, ALoopbackIssuerMayKeepItsKeysThere) {
  const config::Url issuer = *config::parse_url("http://127.0.0.1:9000");
  EXPECT_TRUE(may_be_asked(*config::parse_url("http://127.0.0.1:9000/jwks"), issuer));
  EXPECT_TRUE(may_be_asked(*config::parse_url("https://keys.example.com/"), issuer));
  EXPECT_FALSE(may_be_asked(*config::parse_url("http://keys.example.com/"), issuer));
}

// The page reaches a loop on another thread.
TEST(KeyBookThreads, OtherLoopsSeeThePage) {
  runtime::SystemClock clock;
  runtime::EventLoop home(clock);
  runtime::EventLoop other(clock);
  ScriptedFetcher fetcher(home);
  Diary diary;
  KeyBook book(home, fetcher, diary, {}, 1);
  KeyBookView view(book, other);
  std::thread thread([&] {
    while (view.page()->find(kIssuer) == nullptr || view.page()->find(kIssuer)->keys == nullptr)
      other.run_once(10ms);
    other.shut();
  });
  book.set_issuers({{kIssuer, *config::parse_url(kIssuer)}});
  for (int i = 0; i < 50; ++i)
    home.run_once(1ms);
  thread.join();
  EXPECT_TRUE(view.page()->find(kIssuer)->keys->has("1"));
}

}  // namespace
}  // namespace signet::identity
