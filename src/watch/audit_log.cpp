#include "watch/audit_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "watch/access_log.h"
#include "watch/json_text.h"
#include "watch/log_time.h"

namespace signet::watch {

namespace {

// Time, names of the fields, punctuation and the status.
constexpr std::size_t kFixedBytes = 512;
// A byte becomes at most "\u00ff".
constexpr std::size_t kEscapedBytes = 6;
constexpr std::size_t kTexts = 14;

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value, kMaxLogField);
}

void append_json(std::string& out, const AuditEntry& entry) {
  append_field(out, "event", entry.event);
  append_field(out, "person", entry.person);
  append_field(out, "means", entry.means);
  append_field(out, "app", entry.app);
  append_field(out, "operation", entry.operation);
  append_field(out, "class", entry.access);
  append_field(out, "method", entry.method);
  out += ",\"path\":\"";
  append_escaped(out, entry.path, kMaxLogField);
  append_scope_query(out, entry.query);
  out += '"';
  append_field(out, "rule", entry.rule);
  append_field(out, "refusal", entry.refusal);
  append_field(out, "request_id", entry.request_id);
  append_field(out, "client", entry.client);
  out += fmt::format(",\"status\":{}", entry.status);
}

void append_text(std::string& out, const AuditEntry& entry) {
  for (std::string_view word :
       {entry.event, entry.person, entry.means, entry.app, entry.operation, entry.access,
        entry.method, entry.path, entry.rule, entry.refusal, entry.request_id, entry.client}) {
    out += ' ';
    if (word.empty()) {
      out += '-';
    } else if (word.contains(' ')) {
      append_json_string(out, word, kMaxLogField);
    } else {
      append_escaped(out, word, kMaxLogField);
    }
  }
  out += fmt::format(" {}", entry.status);
}

}  // namespace

std::size_t longest_audit_line(std::size_t texts) {
  return kFixedBytes + std::min(texts * kEscapedBytes, kTexts * kMaxLogField);
}

std::optional<AuditLog::Place> AuditLog::reserve(std::size_t texts) {
  const std::size_t bytes = longest_audit_line(texts);
  if (!sink_->has_room(promised_ + bytes)) return std::nullopt;
  return std::optional<Place>(std::in_place, *this, bytes);
}

bool AuditLog::record(const AuditEntry& entry, const Place&) {
  compose(entry);
  return sink_->write(line_);
}

bool AuditLog::record(const AuditEntry& entry) {
  if (sink_ == nullptr) return true;
  compose(entry);
  return sink_->has_room(promised_ + line_.size()) && sink_->write(line_);
}

void AuditLog::compose(const AuditEntry& entry) {
  line_.clear();
  if (format_ == config::LogFormat::json) {
    line_ += "{\"time\":\"";
    append_time(line_, clock_.unix_micros());
    line_ += "\",\"log\":\"audit\"";
    append_json(line_, entry);
    line_ += "}\n";
  } else {
    append_time(line_, clock_.unix_micros());
    line_ += " audit";
    append_text(line_, entry);
    line_ += '\n';
  }
}

}  // namespace signet::watch
