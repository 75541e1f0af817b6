#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.h"
#include "runtime/clock.h"
#include "watch/log_writer.h"

namespace signet::watch {

// What the audit log keeps of a request: who did what, by which right. Views need to last only for
// the call.
struct AuditEntry {
  std::string_view event;   // "write", "refusal"
  std::string_view person;  // an id; "" when nobody was recognised
  std::string_view means;   // by what: "bearer" …; "" when nobody was
  std::string_view app;
  std::string_view operation;
  std::string_view access;  // the operation's class
  std::string_view method;
  std::string_view path;   // normalised
  std::string_view query;  // of it only scope keys are written
  std::string_view rule;   // "access.rules[3]", "access.admins", or why nothing was allowed
  std::string_view refusal;
  std::string_view request_id;
  std::string_view client;  // address
  int status = 0;           // 0: nothing was answered
};

// The audit log of one loop. A line that was promised room is never lost while the program runs: it
// waits in the ring, and behind that for the disk (engine rule 28).
class AuditLog {
 public:
  // All borrowed. No sink: there is no audit log.
  AuditLog(KeptSink* sink, const runtime::Clock& clock, config::LogFormat format)
      : sink_(sink), clock_(clock), format_(format) {}
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  bool on() const { return sink_ != nullptr; }

  // Room for one line, from the decision to the end of the request. Gives it back when it goes.
  class Place {
   public:
    Place(AuditLog& log, std::size_t bytes) : log_(&log), bytes_(bytes) { log.promised_ += bytes; }
    Place(Place&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), bytes_(other.bytes_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (log_ != nullptr) log_->promised_ -= bytes_;
    }

   private:
    AuditLog* log_;
    std::size_t bytes_;
  };
  // Nothing when there is no room, or the file is failing: then nothing may be done that must be
  // recorded. `texts`: the bytes of all texts that the entry will have.
  std::optional<Place> reserve(std::size_t texts);

  // Writes the line that was promised room.
  bool record(const AuditEntry& entry, const Place& place);
  // Writes a line without such a promise, a refusal's. False when there is no room besides what was
  // promised to others.
  bool record(const AuditEntry& entry);

 private:
  void compose(const AuditEntry& entry);

  KeptSink* sink_;
  const runtime::Clock& clock_;
  config::LogFormat format_;
  std::size_t promised_ = 0;
  std::string line_;
};

// The bytes that an entry's line has at most, from those of its texts together.
std::size_t longest_audit_line(std::size_t texts);

}  // namespace signet::watch
