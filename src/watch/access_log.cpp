#include "watch/access_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "watch/json_text.h"
#include "watch/log_time.h"

namespace signet::watch {

namespace {

// Query keys of mlflow-endpoints.csv that say what a request is about; sorted. Filters, page tokens
// and artifacts' paths are people's data.
constexpr std::array<std::string_view, 24> kScopeKeys{
    "budget_policy_id", "dataset_id",   "endpoint_id", "experiment_id", "experiment_ids",
    "experiment_name",  "guardrail_id", "job_id",      "metric_key",    "model_definition_id",
    "model_id",         "name",         "queue_id",    "request_id",    "run_id",
    "run_ids",          "run_uuid",     "schema_id",   "scorer_ids",    "secret_id",
    "trace_id",         "trace_ids",    "version",     "webhook_id"};
static_assert(std::ranges::is_sorted(kScopeKeys));

std::uint64_t micros(runtime::Duration duration) {
  return static_cast<std::uint64_t>(std::max(duration, runtime::Duration::zero()).count()) / 1000;
}

// The path and what is logged of the query, escaped.
void append_target(std::string& out, const AccessEntry& entry) {
  append_escaped(out, entry.path, kMaxLogField);
  append_scope_query(out, entry.query);
}

// `label` ends where the value's text begins.
void append_field(std::string& out, std::string_view label, std::string_view value) {
  out += label;
  append_escaped(out, value, kMaxLogField);
}

void append_number(std::string& out, std::string_view label, std::uint64_t value) {
  out += label;
  fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

void append_json(std::string& out, const AccessEntry& entry) {
  append_field(out, R"(,"request_id":")", entry.request_id);
  append_field(out, R"(","trace_id":")", entry.trace_id);
  append_field(out, R"(","who":")", entry.who);
  append_field(out, R"(","client":")", entry.client);
  append_field(out, R"(","app":")", entry.app);
  append_field(out, R"(","method":")", entry.method);
  out += R"(","path":")";
  append_target(out, entry);
  append_field(out, R"(","operation":")", entry.operation);
  append_number(out, R"(","status":)", static_cast<unsigned>(entry.status));
  append_field(out, R"(,"refusal":")", entry.refusal);
  append_number(out, R"(","bytes_in":)", entry.bytes_in);
  append_number(out, R"(,"bytes_out":)", entry.bytes_out);
  append_number(out, R"(,"queue_us":)", micros(entry.queue));
  append_number(out, R"(,"sign_us":)", micros(entry.sign));
  append_number(out, R"(,"origin_us":)", micros(entry.origin));
  append_number(out, R"(,"total_us":)", micros(entry.total));
  append_field(out, R"(,"user_agent":")", entry.user_agent);
  out += '"';
}

void append_text(std::string& out, const AccessEntry& entry) {
  auto word = [&](std::string_view value) {
    out += ' ';
    if (value.empty()) {
      out += '-';
    } else if (value.find(' ') == std::string_view::npos) {
      append_escaped(out, value, kMaxLogField);
    } else {
      append_json_string(out, value, kMaxLogField);
    }
  };
  word(entry.client);
  word(entry.who);
  word(entry.app);
  word(entry.method);
  out += ' ';
  append_target(out, entry);
  append_number(out, " ", static_cast<unsigned>(entry.status));
  word(entry.refusal);
  word(entry.operation);
  append_number(out, " in=", entry.bytes_in);
  append_number(out, " out=", entry.bytes_out);
  append_number(out, " queue=", micros(entry.queue));
  append_number(out, "us sign=", micros(entry.sign));
  append_number(out, "us origin=", micros(entry.origin));
  append_number(out, "us total=", micros(entry.total));
  out += "us";
  word(entry.request_id);
  word(entry.trace_id);
  out += ' ';
  append_json_string(out, entry.user_agent, kMaxLogField);
}

}  // namespace

void append_scope_query(std::string& out, std::string_view query) {
  char before = '?';
  const std::size_t full = out.size() + kMaxLogField;
  while (!query.empty() && out.size() < full) {
    std::size_t end = std::min(query.find('&'), query.size());
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!std::ranges::binary_search(kScopeKeys, pair.substr(0, pair.find('=')))) continue;
    out += before;
    // Cut there, an escape or a character stays whole.
    append_escaped(out, pair, full - out.size());
    before = '&';
  }
}

void append_access_line(std::string& out, const AccessEntry& entry, std::int64_t unix_micros,
                        config::LogFormat format) {
  if (format == config::LogFormat::json) {
    out += "{\"time\":\"";
    append_time(out, unix_micros);
    out += '"';
    append_json(out, entry);
    out += "}\n";
  } else {
    append_time(out, unix_micros);
    append_text(out, entry);
    out += '\n';
  }
}

void AccessLog::record(const AccessEntry& entry) {
  if (sink_ == nullptr) return;
  line_.clear();
  append_access_line(line_, entry, clock_.unix_micros(), format_);
  if (!sink_->write(line_)) shard_.add(dropped_);
}

}  // namespace signet::watch
