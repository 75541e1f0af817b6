#include "credentials/holder.h"

#include <utility>

#include <fmt/core.h>

#include "credentials/holder_mail.h"
#include "credentials/iso_time.h"

namespace signet::credentials {

namespace {
constexpr runtime::Duration kBetweenReports = std::chrono::seconds(1);
}  // namespace

Holder::Holder(runtime::EventLoop& loop, std::shared_ptr<Line> line)
    : loop_(loop), line_(std::move(line)), slot_(std::make_shared<Slot>(loop)) {
  slot_->holder = this;
  HolderMail::subscribe(line_, slot_);
}

Holder::~Holder() {
  slot_->holder = nullptr;
  HolderMail::unsubscribe(std::move(line_), std::move(slot_));
}

void Holder::take(Snapshot snapshot) {
  bool same = snapshot.keys == snapshot_.keys;
  snapshot_ = std::move(snapshot);
  if (!same) {
    kept_.reset();
    if (snapshot_.keys) kept_ = Pinned(new Pinned::Kept{snapshot_.keys});
  }
  arrived_.wake_all();
}

const Keys* Holder::current() const {
  return snapshot_.usable(loop_.clock().unix_seconds()) ? snapshot_.keys.get() : nullptr;
}

std::optional<Pinned> Holder::pin() {
  if (current() == nullptr) return std::nullopt;
  return Pinned(kept_->kept_);
}

runtime::Task<std::expected<Pinned, SourceFailure>> Holder::get(runtime::Time deadline) {
  while (true) {
    if (auto pinned = pin()) co_return std::move(*pinned);
    if (snapshot_.failure) {
      SourceFailure failure = *snapshot_.failure;
      if (snapshot_.keys) {
        failure.reason +=
            fmt::format("; the last keys could be used until {}", iso_time(snapshot_.usable_until));
      }
      co_return std::unexpected(std::move(failure));
    }
    if (co_await arrived_.wait(loop_, deadline) == runtime::Wake::timed_out) {
      co_return std::unexpected(
          SourceFailure(Cause::timed_out, fmt::format("keys of {} have not arrived yet", name())));
    }
  }
}

void Holder::report_rejected(std::string_view key_id) {
  if (!snapshot_.keys || snapshot_.keys->key.id != key_id) return;
  if (loop_.now() < next_report_) return;
  next_report_ = runtime::after(loop_.now(), kBetweenReports);
  HolderMail::reject(line_, key_id);
}

Description Holder::describe() const {
  Description description;
  description.name = name();
  if (snapshot_.keys) {
    description.origin = snapshot_.keys->origin;
    description.key_id = snapshot_.keys->key.id;
    description.expires = snapshot_.keys->expires;
  }
  description.usable = current() != nullptr;
  if (snapshot_.failure) description.failure = snapshot_.failure->reason;
  return description;
}

}  // namespace signet::credentials
