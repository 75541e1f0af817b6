#include "watch/audit_log.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::watch {
namespace {

class TestSink final : public KeptSink {
 public:
  bool write(std::string_view line) override {
    if (line.size() > room) return false;
    room -= line.size();
    text += line;
    return true;
  }
  bool has_room(std::size_t bytes) const override { return bytes <= room; }

  std::size_t room = 100'000;
  std::string text;
};

AuditEntry entry() {
  AuditEntry entry;
  entry.event = "write";
  entry.person = "ada@example.com";
  entry.means = "bearer";
  entry.app = "research";
  entry.operation = "deleteRun";
  entry.access = "delete";
  entry.method = "POST";
  entry.path = "/apps/research/api/2.0/mlflow/runs/delete";
  entry.query = "run_id=abc&secret=hush";
  entry.rule = "access.rules[3]";
  entry.request_id = "0123";
  entry.client = "127.0.0.1";
  entry.status = 200;
  return entry;
}

runtime::ManualClock clock_at_start() {
  runtime::ManualClock clock;
  clock.set_unix_seconds(1440938160);
  return clock;
}

TEST(AuditLog, SaysWhoDidWhatByWhichRight) {
  const runtime::ManualClock clock = clock_at_start();
  TestSink sink;
  AuditLog log(&sink, clock, config::LogFormat::json);
  EXPECT_TRUE(log.record(entry()));
  EXPECT_EQ(sink.text, R"({"time":"2015-08-30T12:36:00.000000Z","log":"audit","event":"write",)"
                       R"("person":"ada@example.com","means":"bearer","app":"research",)"
                       R"("operation":"deleteRun","class":"delete","method":"POST",)"
                       R"("path":"/apps/research/api/2.0/mlflow/runs/delete?run_id=abc",)"
                       R"("rule":"access.rules[3]","refusal":"","request_id":"0123",)"
                       R"("client":"127.0.0.1","status":200})"
                       "\n");
  sink.text.clear();
  AuditLog text(&sink, clock, config::LogFormat::text);
  EXPECT_TRUE(text.record(entry()));
  EXPECT_EQ(
      sink.text,
      "2015-08-30T12:36:00.000000Z audit write ada@example.com bearer research deleteRun "
      "delete POST /apps/research/api/2.0/mlflow/runs/delete access.rules[3] - 0123 127.0.0.1 "
      "200\n");
}

TEST(AuditLog, HostileTextsStayInOneLineAndInTheirPlace) {
  const runtime::ManualClock clock = clock_at_start();
  const std::string evil = std::string("\"}\r\n{\"\x1b[31m\xff\x00", 13) + std::string(5000, '\\');
  AuditEntry hostile;
  hostile.event = hostile.person = hostile.means = hostile.app = hostile.operation = evil;
  hostile.access = hostile.method = hostile.path = hostile.rule = hostile.refusal = evil;
  hostile.request_id = hostile.client = evil;
  for (const config::LogFormat format : {config::LogFormat::json, config::LogFormat::text}) {
    TestSink sink;
    AuditLog log(&sink, clock, format);
    EXPECT_TRUE(log.record(hostile));
    EXPECT_EQ(std::ranges::count(sink.text, '\n'), 1);
    EXPECT_LE(sink.text.size(), longest_audit_line(12 * evil.size()));
    // The only quotes that are not escaped are those around names and values.
    if (format == config::LogFormat::json) {
      std::size_t quotes = 0;
      for (std::size_t i = 0; i < sink.text.size(); ++i) {
        if (sink.text[i] == '\\') {
          ++i;
        } else if (sink.text[i] == '"') {
          ++quotes;
        }
      }
      EXPECT_EQ(quotes, 2u * 15 + 2 * 14) << "15 names, 14 texts and a number";
    }
  }
}

TEST(AuditLog, ALineIsNeverLongerThanWhatWasReserved) {
  const runtime::ManualClock clock = clock_at_start();
  for (const std::size_t size : {0U, 1U, 50U, 340U, 341U, 342U, 2048U, 9000U}) {
    for (const char byte : {'a', '"', '\x01', '\xff'}) {
      const std::string text(size, byte);
      AuditEntry entry;
      entry.path = entry.person = entry.rule = text;
      TestSink sink;
      AuditLog log(&sink, clock, config::LogFormat::json);
      EXPECT_TRUE(log.record(entry));
      EXPECT_LE(sink.text.size(), longest_audit_line(3 * size)) << size << " " << int{byte};
    }
  }
}

TEST(AuditLog, PromisesNoMoreThanThereIs) {
  const runtime::ManualClock clock = clock_at_start();
  TestSink sink;
  sink.room = 3 * longest_audit_line(100) + 10;
  AuditLog log(&sink, clock, config::LogFormat::json);
  std::vector<AuditLog::Place> places;
  for (int i = 0; i < 3; ++i) {
    auto place = log.reserve(100);
    ASSERT_TRUE(place) << i;
    places.push_back(std::move(*place));
  }
  EXPECT_FALSE(log.reserve(100));
  places.pop_back();
  EXPECT_TRUE(log.reserve(100));
  // However many refusals come between, a line that was promised room finds it.
  int refusals = 0;
  while (log.record(entry()))
    ++refusals;
  EXPECT_GT(refusals, 0);
  for (const AuditLog::Place& place : places)
    EXPECT_TRUE(log.record(entry(), place));
}

TEST(AuditLog, WithoutASinkNothingIsKept) {
  const runtime::ManualClock clock = clock_at_start();
  AuditLog log(nullptr, clock, config::LogFormat::json);
  EXPECT_FALSE(log.on());
  EXPECT_TRUE(log.record(entry()));
}

}  // namespace
}  // namespace signet::watch
