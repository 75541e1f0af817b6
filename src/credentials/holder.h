#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "credentials/description.h"
#include "credentials/failure.h"
#include "credentials/keys.h"
#include "credentials/snapshot.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace signet::credentials {

class Holder;
class Refresher;

// The end by which other loops reach a refresher. Any thread may own one; what is behind it is
// touched on the home loop only.
class Line {
 public:
  Line(runtime::EventLoop& home, std::string name) : home_(home), name_(std::move(name)) {}
  // Whose keys: a role, or the gateway's own.
  const std::string& name() const { return name_; }

 private:
  friend class Holder;
  friend class Refresher;
  friend class HolderMail;

  runtime::EventLoop& home_;
  const std::string name_;
  Refresher* refresher_ = nullptr;  // home loop only; null once it is gone
};

// Keys that stay where they are while this exists, also when newer ones arrive. Belongs to the loop
// of its holder, which it may outlive: pinning counts without atomics.
class Pinned {
 public:
  Pinned(Pinned&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
  Pinned& operator=(Pinned&& other) noexcept {
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~Pinned() {
    if (kept_ != nullptr && --kept_->pins == 0) delete kept_;
  }

  const Keys& operator*() const { return *kept_->keys; }
  const Keys* operator->() const { return kept_->keys.get(); }

 private:
  friend class Holder;
  struct Kept {
    std::shared_ptr<const Keys> keys;
    std::uint32_t pins = 0;
  };
  explicit Pinned(Kept* kept) : kept_(kept) { ++kept_->pins; }

  Kept* kept_;
};

// One loop's view of the keys of one refresher, kept up to date by the loop's mailbox: reading it
// takes no lock and no atomic. Created and destroyed on its loop, or while that does not run. It
// must outlive the coroutines that wait in get(); its loop must outlive it and the refresher, and
// the refresher's loop must outlive it.
class Holder {
 public:
  Holder(runtime::EventLoop& loop, std::shared_ptr<Line> line);
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  // The keys to sign with now, or null: none have arrived, or they have ended. Valid until the
  // caller next suspends.
  const Keys* current() const;
  // The same, kept alive.
  std::optional<Pinned> pin();
  // The same, waiting for the first load until `deadline`. While the refresher is failing and there
  // are no usable keys it answers at once with the last failure, so that no crowd waits for STS.
  runtime::Task<std::expected<Pinned, SourceFailure>> get(runtime::Time deadline);

  // An origin refused what was signed with this access key as expired or unknown: has new keys
  // fetched soon. Cheap to call for every such answer; ignored when newer keys are in use already.
  void report_rejected(std::string_view key_id);

  const std::string& name() const { return line_->name(); }
  // What an operator may know; holds no secret.
  Description describe() const;

 private:
  friend class HolderMail;
  friend class Refresher;

  // What messages under way hold on to; `holder` belongs to the loop and is null once it is gone.
  struct Slot {
    explicit Slot(runtime::EventLoop& where) : loop(where) {}
    runtime::EventLoop& loop;
    Holder* holder = nullptr;
  };

  void take(Snapshot snapshot);

  runtime::EventLoop& loop_;
  std::shared_ptr<Line> line_;
  std::shared_ptr<Slot> slot_;
  Snapshot snapshot_;
  std::optional<Pinned> kept_;  // the loop-local count of snapshot_.keys
  runtime::WaitList arrived_;
  runtime::Time next_report_{};
};

}  // namespace signet::credentials
