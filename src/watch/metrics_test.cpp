#include "watch/metrics.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "watch/gateway_metrics.h"

namespace signet::watch {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Metrics, TextSumsShards) {
  Registry registry;
  Counter requests = registry.counter("signet_things_total", "Things.\\ and\nmore \"x\"",
                                      {{"app", "a\"b\\c\nd"}, {"kind", "x"}});
  Counter others = registry.counter("signet_things_total", "Things.", {{"app", "other"}});
  Gauge open = registry.gauge("signet_open", "Open.");
  Shard& first = registry.add_shard();
  Shard& second = registry.add_shard();
  first.add(requests);
  second.add(requests, 41);
  registry.add(others);
  first.add(open, 5);
  second.add(open, -7);
  EXPECT_EQ(registry.text(),
            "# HELP signet_things_total Things.\\\\ and\\nmore \"x\"\n"
            "# TYPE signet_things_total counter\n"
            "signet_things_total{app=\"a\\\"b\\\\c\\nd\",kind=\"x\"} 42\n"
            "signet_things_total{app=\"other\"} 1\n"
            "# HELP signet_open Open.\n"
            "# TYPE signet_open gauge\n"
            "signet_open -2\n");
  registry.set(open, 2);
  EXPECT_EQ(registry.value(open), 0);
  EXPECT_EQ(registry.value(requests), 42u);
}

TEST(Metrics, HistogramBuckets) {
  Registry registry;
  Histogram wait = registry.histogram("signet_wait_seconds", "Waiting.", {{"app", "a"}});
  Shard& shard = registry.add_shard();
  for (runtime::Duration duration :
       {runtime::Duration(-5), runtime::Duration(0), runtime::Duration(microseconds(50)),
        runtime::Duration(50'001), runtime::Duration(milliseconds(1500)),
        runtime::Duration(seconds(60)), runtime::Duration(seconds(61))}) {
    shard.observe(wait, duration);
  }
  std::string text = registry.text();
  for (std::string_view line :
       {"signet_wait_seconds_bucket{app=\"a\",le=\"5e-05\"} 3\n",
        "signet_wait_seconds_bucket{app=\"a\",le=\"0.0001\"} 4\n",
        "signet_wait_seconds_bucket{app=\"a\",le=\"1\"} 4\n",
        "signet_wait_seconds_bucket{app=\"a\",le=\"2.5\"} 5\n",
        "signet_wait_seconds_bucket{app=\"a\",le=\"60\"} 6\n",
        "signet_wait_seconds_bucket{app=\"a\",le=\"+Inf\"} 7\n",
        "signet_wait_seconds_count{app=\"a\"} 7\n", "# TYPE signet_wait_seconds histogram\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_NE(text.find("signet_wait_seconds_sum{app=\"a\"} 122.500100001\n"), std::string::npos)
      << text;
  EXPECT_EQ(registry.count(wait), 7u);
}

TEST(Metrics, RegisteringAgainGivesTheSameSeries) {
  Registry registry;
  Shard& shard = registry.add_shard();
  AppMetrics first = app_metrics(registry, "research");
  shard.add(first.bytes_in, 10);
  AppMetrics again = app_metrics(registry, "research");
  EXPECT_EQ(again.bytes_in.cell, first.bytes_in.cell);
  EXPECT_EQ(again.total.first_cell, first.total.first_cell);
  // An app that a reload brings, in a shard that is already in use; many of them.
  for (int i = 0; i < 200; ++i) {
    AppMetrics late = app_metrics(registry, "late" + std::to_string(i));
    shard.add(late.request(200, Outcome::answered));
    shard.observe(late.total, milliseconds(3));
    EXPECT_EQ(registry.value(late.request(299, Outcome::answered)), 1u);
  }
  EXPECT_EQ(registry.value(first.bytes_in), 10u);
  EXPECT_THROW(registry.gauge("signet_received_bytes_total", ""), std::logic_error);
}

TEST(Metrics, RunsOutOfCellsAloud) {
  Registry registry;
  EXPECT_THROW(
      {
        for (int i = 0; i < 70'000; ++i) {
          registry.histogram("signet_h_seconds" + std::to_string(i), "");
        }
      },
      std::length_error);
  // What exists goes on.
  registry.add(registry.counter("signet_h_seconds0x_total", ""), 0);
}

TEST(Metrics, EveryGatewaySeriesIsThere) {
  Registry registry;
  GatewayMetrics gateway(registry);
  AppMetrics app = app_metrics(registry, "a");
  register_build_info(registry, "1.2.3", "abc", "clang 19");
  registry.add(gateway.refusal(Refusal::wrong_host));
  registry.add(app.failure(OriginFailure::timeout), 3);
  registry.add(app.request(0, Outcome::cancelled));
  registry.add(app.request(204, Outcome::local));
  std::string text = registry.text();
  for (std::string_view line :
       {"signet_refusals_total{reason=\"wrong-host\"} 1\n",
        "signet_refusals_total{reason=\"origin-timeout\"} 0\n",
        "signet_origin_failures_total{app=\"a\",kind=\"timeout\"} 3\n",
        "signet_requests_total{app=\"a\",status=\"5xx\",outcome=\"cancelled\"} 1\n",
        "signet_requests_total{app=\"a\",status=\"2xx\",outcome=\"local\"} 1\n",
        "signet_build_info{version=\"1.2.3\",commit=\"abc\",compiler=\"clang 19\"} 1\n",
        "signet_connections 0\n", "signet_exchanges 0\n", "signet_spool_bytes 0\n",
        "signet_slow_loop_turns_total 0\n", "signet_log_lines_dropped_total 0\n",
        "signet_credential_refreshes_total{app=\"a\",outcome=\"failed\"} 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("reason=\"\""), std::string::npos);
}

TEST(Metrics, ScrapesWhileLoopsWrite) {
  Registry registry;
  Counter counter = registry.counter("signet_c_total", "");
  Histogram histogram = registry.histogram("signet_h_seconds", "");
  constexpr int kWriters = 3;
  constexpr int kTurns = 50'000;
  std::vector<std::thread> writers;
  std::atomic<int> running{kWriters};
  for (int i = 0; i < kWriters; ++i) {
    Shard& shard = registry.add_shard();
    writers.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        shard.add(counter);
        shard.observe(histogram, microseconds(turn));
      }
      --running;
    });
  }
  std::uint64_t last = 0;
  int registered = 0;
  while (running > 0) {
    std::uint64_t now = registry.value(counter);
    EXPECT_GE(now, last);
    last = now;
    EXPECT_FALSE(registry.text().empty());
    // A new app while everybody writes.
    if (registered < 20) app_metrics(registry, std::to_string(registered++));
  }
  for (std::thread& writer : writers)
    writer.join();
  EXPECT_EQ(registry.value(counter), std::uint64_t{kWriters} * kTurns);
  EXPECT_EQ(registry.count(histogram), std::uint64_t{kWriters} * kTurns);
}

}  // namespace
}  // namespace signet::watch
