#include "watch/access_log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "watch/json_text.h"
#include "watch/log.h"

namespace signet::watch {
namespace {

using config::LogFormat;

class Lines final : public LineSink {
 public:
  bool write(std::string_view line) override {
    if (full) return false;
    lines.emplace_back(line);
    return true;
  }
  std::vector<std::string> lines;
  bool full = false;
};

AccessEntry entry() {
  AccessEntry entry;
  entry.who = "anonymous";
  entry.method = "GET";
  entry.path = "/api/2.0/mlflow/runs/get";
  entry.query = "token=s3cret&run_id=abc&filter=x";
  entry.app = "research";
  entry.operation = "getRun";
  entry.request_id = "0123";
  entry.trace_id = "4567";
  entry.client = "127.0.0.1";
  entry.user_agent = "mlflow-python-client/3.17.2";
  entry.status = 200;
  entry.bytes_in = 1;
  entry.bytes_out = 2;
  entry.queue = std::chrono::microseconds(3);
  entry.sign = std::chrono::nanoseconds(4999);
  entry.origin = std::chrono::milliseconds(5);
  entry.total = std::chrono::seconds(6);
  return entry;
}

std::string line_of(const AccessEntry& entry, LogFormat format) {
  std::string line;
  append_access_line(line, entry, 1'440'938'160'123'456, format);
  return line;
}

TEST(AccessLog, Json) {
  EXPECT_EQ(line_of(entry(), LogFormat::json),
            R"({"time":"2015-08-30T12:36:00.123456Z","request_id":"0123","trace_id":"4567",)"
            R"("who":"anonymous","client":"127.0.0.1","app":"research","method":"GET",)"
            R"("path":"/api/2.0/mlflow/runs/get?run_id=abc","operation":"getRun","status":200,)"
            R"("refusal":"","bytes_in":1,"bytes_out":2,"queue_us":3,"sign_us":4,)"
            R"("origin_us":5000,"total_us":6000000,"user_agent":"mlflow-python-client/3.17.2"})"
            "\n");
}

TEST(AccessLog, Text) {
  AccessEntry refused = entry();
  refused.app = "";
  refused.refusal = "unknown-route";
  refused.operation = "";
  refused.user_agent = "a \"b\"\x1b[31m";
  EXPECT_EQ(line_of(refused, LogFormat::text),
            "2015-08-30T12:36:00.123456Z 127.0.0.1 anonymous - GET "
            "/api/2.0/mlflow/runs/get?run_id=abc 200 unknown-route - in=1 out=2 queue=3us sign=4us "
            "origin=5000us total=6000000us 0123 4567 \"a \\\"b\\\"\\u001b[31m\"\n");
}

TEST(AccessLog, NothingBreaksALine) {
  AccessEntry hostile = entry();
  std::string evil = "\r\n{\"forged\":1}\x1b[2J\xC2\x9B\xE2\x80\xA8\xFF" + std::string(5000, 'x');
  std::string query = "run_id=" + evil + "&name=" + evil;
  hostile.who = hostile.method = hostile.path = hostile.app = hostile.operation = evil;
  hostile.refusal = hostile.client = hostile.user_agent = evil;
  hostile.request_id = hostile.trace_id = evil;
  hostile.query = query;
  for (LogFormat format : {LogFormat::json, LogFormat::text}) {
    std::string line = line_of(hostile, format);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    for (char c : line.substr(0, line.size() - 1)) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    }
    EXPECT_EQ(line.find("\xC2\x9B"), std::string::npos);
    EXPECT_EQ(line.find("\xE2\x80\xA8"), std::string::npos);
    EXPECT_EQ(line.find('\xFF'), std::string::npos);
    EXPECT_LT(line.size(), 13 * (kMaxLogField + 32));
  }
}

TEST(AccessLog, ScopeQuery) {
  struct Case {
    std::string_view query;
    std::string_view logged;
  };
  for (auto [query, logged] : std::vector<Case>{
           {"", ""},
           {"a=b", ""},
           {"experiment_id=7", "?experiment_id=7"},
           {"&&run_id=a&x=1&run_uuid=b&", "?run_id=a&run_uuid=b"},
           {"name", "?name"},
           {"run_idx=1&xrun_id=2&RUN_ID=3", ""},
           {"run%5Fid=1", ""},
           {"path=secret.txt&filter=a&page_token=b", ""},
           {"trace_ids=1&trace_ids=2", "?trace_ids=1&trace_ids=2"},
       }) {
    std::string out;
    append_scope_query(out, query);
    EXPECT_EQ(out, logged) << query;
  }
}

TEST(AccessLog, AQueryIsCutWithoutHalfACharacter) {
  for (std::size_t size = 2030; size < 2060; ++size) {
    AccessEntry long_one = entry();
    const std::string query = "run_id=" + std::string(size, 'A');
    long_one.query = query;
    const std::string line = line_of(long_one, LogFormat::json);
    const std::size_t end = line.find(R"(","operation")");
    ASSERT_NE(end, std::string::npos);
    const std::string tail = line.substr(end - 3, 3);
    EXPECT_TRUE(tail == "AAA" || tail == "\u2026") << size;
  }
}

TEST(AccessLog, ManyParametersAreBoundedTogetherAndCutBetweenEscapes) {
  for (std::size_t size = 1; size < 40; ++size) {
    std::string query;
    while (query.size() < 4000)
      query += "run_id=" + std::string(size, '\xff') + "&";
    std::string out;
    append_scope_query(out, query);
    EXPECT_LE(out.size(), kMaxLogField);
    EXPECT_GT(out.size(), kMaxLogField - 20);
    // Each invalid byte is "\ufffd", whole.
    for (std::size_t at = out.find('\\'); at != std::string::npos; at = out.find('\\', at + 1)) {
      ASSERT_EQ(out.substr(at, 6), "\\ufffd") << size;
    }
  }
}

TEST(AccessLog, CountsWhatFindsNoRoom) {
  Registry registry;
  Counter dropped = registry.counter("dropped_total", "");
  Lines lines;
  runtime::ManualClock clock;
  AccessLog log(&lines, clock, LogFormat::json, registry.add_shard(), dropped);
  log.record(entry());
  lines.full = true;
  log.record(entry());
  log.record(entry());
  EXPECT_EQ(lines.lines.size(), 1u);
  EXPECT_EQ(registry.value(dropped), 2u);
  AccessLog off(nullptr, clock, LogFormat::json, registry.add_shard(), dropped);
  off.record(entry());
  EXPECT_EQ(registry.value(dropped), 2u);
}

TEST(Log, BothFormats) {
  Lines lines;
  runtime::ManualClock clock;
  Log json(lines, clock, LogFormat::json, LogLevel::info);
  std::string_view cause = "it said \"no\"\n";
  json.warning("credentials-refresh-failed", {{"role", "arn:aws:iam::1:role/x"},
                                              {"cause", cause},
                                              {"attempt", 3},
                                              {"age", -1},
                                              {"count", std::size_t{5}},
                                              {"again", true}});
  Log text(lines, clock, LogFormat::text, LogLevel::debug);
  text.debug("began", {{"file", "a b"}, {"empty", ""}, {"plain", "x"}, {"n", 7u}});
  EXPECT_EQ(lines.lines,
            (std::vector<std::string>{
                R"({"time":"2015-08-30T12:36:00.000000Z","level":"warning",)"
                R"("event":"credentials-refresh-failed","role":"arn:aws:iam::1:role/x",)"
                R"("cause":"it said \"no\"\n","attempt":3,"age":-1,"count":5,"again":true})"
                "\n",
                "2015-08-30T12:36:00.000000Z debug began file=\"a b\" empty=\"\" plain=x n=7\n"}));
}

TEST(Log, Levels) {
  Lines lines;
  runtime::ManualClock clock;
  Log log(lines, clock, LogFormat::text, LogLevel::warning);
  log.debug("a");
  log.info("b");
  log.warning("c");
  log.error("d");
  EXPECT_EQ(lines.lines.size(), 2u);
  EXPECT_FALSE(log.enabled(LogLevel::info));
  log.set_level(LogLevel::debug);
  log.debug("e");
  EXPECT_EQ(lines.lines.size(), 3u);
}

}  // namespace
}  // namespace signet::watch
