#include "state/store.h"

#include <algorithm>
#include <utility>

namespace signet::state {

namespace {

// Uses that one minute may collect; further ones are forgotten.
constexpr std::size_t kMostUses = 100'000;

runtime::Duration since(const std::optional<runtime::Time>& start, runtime::Time now) {
  return start ? std::max(now - *start, runtime::Duration()) : runtime::Duration();
}

}  // namespace

class Store::Update final : public runtime::Message {
 public:
  Update(StoreView& view, std::shared_ptr<const Snapshot> snapshot)
      : view_(view), snapshot_(std::move(snapshot)) {}
  void deliver() override { view_.take(std::move(snapshot_)); }

 private:
  StoreView& view_;
  std::shared_ptr<const Snapshot> snapshot_;
};

class Store::Staleness final : public runtime::Message {
 public:
  Staleness(StoreView& view, std::optional<runtime::Time> since) : view_(view), since_(since) {}
  void deliver() override { view_.stale_since_ = since_; }

 private:
  StoreView& view_;
  std::optional<runtime::Time> since_;
};

class Store::Use final : public runtime::Message {
 public:
  Use(Store& store, const crypto::Digest& hash, std::int64_t at)
      : store_(store), hash_(hash), at_(at) {}
  void deliver() override { store_.note_used(hash_, at_); }

 private:
  Store& store_;
  crypto::Digest hash_;
  std::int64_t at_;
};

StoreView::StoreView(Store& store, runtime::EventLoop& loop)
    : store_(store), loop_(loop), snapshot_(store.snapshot_), stale_since_(store.stale_since_) {
  store.views_.push_back(this);
}

void StoreView::take(std::shared_ptr<const Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
}

runtime::Duration StoreView::stale_for() const {
  return since(stale_since_, loop_.now());
}

void StoreView::note_used(const Token& token) {
  constexpr std::int64_t kMinute = 60;
  const std::int64_t now = loop_.clock().unix_seconds();
  if (now - token.last_used < kMinute) return;
  if (now / kMinute != noted_minute_) {
    noted_minute_ = now / kMinute;
    noted_.clear();
  }
  if (noted_.size() >= kMostUses || !noted_.insert(token.hash).second) return;
  store_.home_.post(std::make_unique<Store::Use>(store_, token.hash, now));
}

Store::Store(runtime::EventLoop& home, std::shared_ptr<const Snapshot> snapshot)
    : home_(home), snapshot_(std::move(snapshot)), read_at_(home.now()) {}

std::vector<Token> Store::tokens_of(std::string_view person) const {
  return snapshot_->tokens_of(person);
}

runtime::Duration Store::stale_for() const {
  return since(stale_since_, home_.now());
}

void Store::publish(std::shared_ptr<const Snapshot> snapshot) {
  if (snapshot->version <= snapshot_->version) return;
  snapshot_ = std::move(snapshot);
  for (StoreView* view : views_) {
    if (&view->loop_ == &home_) {
      view->take(snapshot_);
    } else {
      view->loop_.post(std::make_unique<Update>(*view, snapshot_));
    }
  }
}

void Store::note_readable(runtime::Time when) {
  read_at_ = when;
  trouble_.clear();
  if (stale_since_) tell_staleness(std::nullopt);
}

void Store::note_unreadable(std::string why) {
  trouble_ = std::move(why);
  if (!stale_since_) tell_staleness(read_at_);
}

void Store::tell_staleness(std::optional<runtime::Time> since) {
  stale_since_ = since;
  for (StoreView* view : views_) {
    if (&view->loop_ == &home_) {
      view->stale_since_ = since;
    } else {
      view->loop_.post(std::make_unique<Staleness>(*view, since));
    }
  }
}

void Store::note_used(const crypto::Digest& hash, std::int64_t at) {
  if (uses_.size() >= kMostUses) return;
  std::int64_t& last = uses_[hash];
  last = std::max(last, at);
}

std::unordered_map<crypto::Digest, std::int64_t, DigestHash> Store::take_uses() {
  return std::exchange(uses_, {});
}

}  // namespace signet::state
