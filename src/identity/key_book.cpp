#include "identity/key_book.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/race.h"

namespace signet::identity {

const KeyBookPage::Entry* KeyBookPage::find(std::string_view issuer) const {
  const auto found = std::ranges::find(entries, issuer, &Entry::issuer);
  return found == entries.end() ? nullptr : &*found;
}

// A new page on its way to another loop.
class KeyBook::Update final : public runtime::Message {
 public:
  Update(KeyBookView& view, std::shared_ptr<const KeyBookPage> page)
      : view_(view), page_(std::move(page)) {}
  void deliver() override { view_.take(std::move(page_)); }

 private:
  KeyBookView& view_;
  std::shared_ptr<const KeyBookPage> page_;
};

// A loop's wish for newer keys, on its way to the home loop.
class KeyBook::Wish final : public runtime::Message {
 public:
  Wish(KeyBook& book, std::string issuer) : book_(book), issuer_(std::move(issuer)) {}
  void deliver() override { book_.wish(issuer_); }

 private:
  KeyBook& book_;
  std::string issuer_;
};

struct KeyBook::Issuer {
  explicit Issuer(IssuerAddress of) : address(std::move(of)) {}

  IssuerAddress address;
  std::shared_ptr<const KeySet> keys;
  std::uint64_t attempts = 0;
  unsigned failures = 0;
  bool wanted = false;
  std::optional<runtime::Time> wished;  // when a wish was last granted
  runtime::WaitList due;
  runtime::TaskSet::Entry* keeper = nullptr;
};

KeyBookView::KeyBookView(KeyBook& book, runtime::EventLoop& loop)
    : book_(book), loop_(loop), page_(book.page_) {
  book.views_.push_back(this);
}

void KeyBookView::take(std::shared_ptr<const KeyBookPage> page) {
  page_ = std::move(page);
  changed_.wake_all();
}

runtime::Task<bool> KeyBookView::renew(std::string issuer, runtime::Time deadline) {
  auto asked = std::ranges::find(asked_, issuer, &std::pair<std::string, runtime::Time>::first);
  if (asked != asked_.end() && loop_.now() - asked->second < book_.rules_.least_gap) {
    co_return false;
  }
  if (asked == asked_.end()) {
    // Only configured issuers come here: there are few.
    asked_.emplace_back(issuer, loop_.now());
  } else {
    asked->second = loop_.now();
  }
  const auto entry = [&]() -> KeyBookPage::Entry {
    const KeyBookPage::Entry* found = page_->find(issuer);
    return found == nullptr ? KeyBookPage::Entry{} : *found;
  };
  const KeyBookPage::Entry before = entry();
  book_.home_.post(std::make_unique<KeyBook::Wish>(book_, issuer));
  while (entry().attempts == before.attempts) {
    if (co_await changed_.wait(loop_, deadline) == runtime::Wake::timed_out) break;
  }
  co_return entry().keys != before.keys;
}

KeyBook::KeyBook(runtime::EventLoop& home, http::Fetcher& fetcher, KeyBookObserver& observer,
                 const KeyBookRules& rules, std::uint32_t seed)
    : home_(home),
      fetcher_(fetcher),
      observer_(observer),
      rules_(rules),
      random_(seed),
      page_(std::make_shared<const KeyBookPage>()),
      tasks_(home) {}

KeyBook::~KeyBook() {
  stop();
}

void KeyBook::stop() {
  tasks_.cancel_all();
  for (const auto& issuer : issuers_)
    issuer->keeper = nullptr;
}

void KeyBook::set_issuers(const std::vector<IssuerAddress>& issuers) {
  std::vector<std::unique_ptr<Issuer>> kept;
  for (const IssuerAddress& address : issuers) {
    const bool twice =
        std::ranges::any_of(kept, [&](const auto& each) { return each->address == address; });
    if (twice) continue;
    const auto known = std::ranges::find_if(
        issuers_, [&](const auto& each) { return each != nullptr && each->address == address; });
    kept.push_back(known == issuers_.end() ? std::make_unique<Issuer>(address) : std::move(*known));
  }
  for (const auto& gone : issuers_) {
    if (gone != nullptr && gone->keeper != nullptr) tasks_.cancel(gone->keeper);
  }
  issuers_ = std::move(kept);
  for (const auto& issuer : issuers_) {
    if (issuer->keeper == nullptr) issuer->keeper = tasks_.start(keep(*this, *issuer));
  }
  publish(true);
}

runtime::Task<void> KeyBook::keep(KeyBook& self, Issuer& issuer) {
  runtime::EventLoop& loop = self.home_;
  while (true) {
    issuer.wanted = false;
    const runtime::Time deadline = runtime::after(loop.now(), self.rules_.deadline);
    auto fetching = fetch_keys(self.fetcher_, issuer.address.issuer, issuer.address.url, deadline);
    auto fetched = co_await runtime::within(loop, deadline, std::move(fetching));
    runtime::Duration wait;
    ++issuer.attempts;
    if (fetched && *fetched) {
      issuer.failures = 0;
      issuer.keys = std::make_shared<const KeySet>(std::move(**fetched));
      self.observer_.fetched(issuer.address.issuer, *issuer.keys);
      wait = self.rules_.every + self.rules_.every / 5 *
                                     std::uniform_int_distribution<int>(-100, 100)(self.random_) /
                                     100;
      self.publish(true);
    } else {
      DiscoveryFailure failure{DiscoveryError::timed_out, "no answer in time"};
      if (fetched) failure = std::move(fetched->error());
      self.observer_.failed(issuer.address.issuer, failure, issuer.keys != nullptr);
      wait = self.after_failure(issuer);
      self.publish(false);
    }
    const runtime::Time regular = runtime::after(loop.now(), wait);
    while (!issuer.wanted && loop.now() < regular)
      co_await issuer.due.wait(loop, regular);
  }
}

// Doubled from the first to the longest, less a random quarter.
runtime::Duration KeyBook::after_failure(Issuer& issuer) {
  runtime::Duration wait = rules_.first_retry;
  for (unsigned i = 0; i < issuer.failures && wait < rules_.longest_retry; ++i)
    wait *= 2;
  ++issuer.failures;
  wait = std::min(wait, rules_.longest_retry);
  return wait - wait / 4 * std::uniform_int_distribution<int>(0, 100)(random_) / 100;
}

void KeyBook::wish(std::string_view name) {
  for (const auto& issuer : issuers_) {
    if (issuer->address.issuer != name) continue;
    // Also between those of several loops.
    if (issuer->wished && home_.now() - *issuer->wished < rules_.least_gap) continue;
    issuer->wished = home_.now();
    issuer->wanted = true;
    issuer->due.wake_all();
  }
}

void KeyBook::publish(bool newer) {
  auto page = std::make_shared<KeyBookPage>();
  page->version = page_->version + (newer ? 1 : 0);
  for (const auto& issuer : issuers_)
    page->entries.push_back({issuer->address.issuer, issuer->keys, issuer->attempts});
  page_ = std::move(page);
  for (KeyBookView* view : views_) {
    if (&view->loop_ == &home_) {
      view->take(page_);
    } else {
      view->loop_.post(std::make_unique<Update>(*view, page_));
    }
  }
}

}  // namespace signet::identity
