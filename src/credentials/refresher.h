#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "credentials/holder.h"
#include "credentials/observer.h"
#include "credentials/refresh_rules.h"
#include "credentials/snapshot.h"
#include "credentials/source.h"
#include "crypto/random.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::credentials {

// Keeps one set of keys fresh and tells every loop: the first load begins with the loop's next
// turn, further ones ahead of the keys' end, off the request path and one at a time. While they
// fail, the old keys are served until they end. Lives on one loop, the home: it is created and
// destroyed on that loop's thread.
class Refresher {
 public:
  // `name` says whose keys these are. Observer and random must outlive it.
  Refresher(runtime::EventLoop& home, std::string name, std::unique_ptr<Source> source,
            const RefreshRules& rules, crypto::Random& random, Observer& observer);
  // Cancels an attempt under way. Holders keep what they have until it ends.
  ~Refresher();
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  // For the holders of other loops.
  const std::shared_ptr<Line>& line() const { return line_; }
  // Whether somebody besides this object has the line.
  bool wanted() const { return line_.use_count() > 1; }
  // How long an attempt may take, from the next one on.
  void set_attempt(runtime::Duration most) { rules_.attempt = most; }

 private:
  friend class HolderMail;

  runtime::Task<void> run();
  runtime::Task<void> attempt();
  void succeed(Keys keys);
  void fail(SourceFailure failure);
  void plan(runtime::Duration from_now);
  bool due() const;
  void publish();
  void subscribe(std::shared_ptr<Holder::Slot> slot);
  void unsubscribe(const Holder::Slot* slot);
  void rejected(std::string_view key_id);

  runtime::EventLoop& home_;
  std::unique_ptr<Source> source_;
  RefreshRules rules_;
  crypto::Random& random_;
  Observer& observer_;
  std::shared_ptr<Line> line_;

  Snapshot snapshot_;
  std::optional<std::int64_t> mandatory_at_;  // Unix microseconds
  unsigned failures_ = 0;
  bool loading_ = false;
  // Both clocks: the wall clock may be set, the monotonic one stands still while a machine sleeps.
  runtime::Time due_{};
  std::int64_t due_micros_ = 0;
  runtime::Time last_attempt_{};

  std::vector<std::shared_ptr<Holder::Slot>> subscribers_;
  runtime::WaitList changed_;
  runtime::TaskSet tasks_;  // last: its tasks use the rest
};

}  // namespace signet::credentials
