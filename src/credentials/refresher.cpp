#include "credentials/refresher.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "credentials/holder_mail.h"
#include "credentials/iso_time.h"
#include "runtime/race.h"

namespace signet::credentials {

namespace {

using runtime::Duration;
using runtime::Time;

// A source keeps its deadline itself and knows better what it waited for; this one is for those
// that do not.
constexpr Duration kPatience = std::chrono::milliseconds(250);
// How often the wall clock is looked at while nothing is to do.
constexpr Duration kLook = std::chrono::seconds(30);

std::int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

Refresher::Refresher(runtime::EventLoop& home, std::string name, std::unique_ptr<Source> source,
                     const RefreshRules& rules, crypto::Random& random, Observer& observer)
    : home_(home),
      source_(std::move(source)),
      rules_(rules),
      random_(random),
      observer_(observer),
      line_(std::make_shared<Line>(home, std::move(name))),
      tasks_(home) {
  line_->refresher_ = this;
  tasks_.start(run());
}

Refresher::~Refresher() {
  line_->refresher_ = nullptr;
}

runtime::Task<void> Refresher::run() {
  while (true) {
    auto attempting = attempt();
    co_await std::move(attempting);
    while (!due())
      co_await changed_.wait(home_, std::min(due_, runtime::after(home_.now(), kLook)));
  }
}

bool Refresher::due() const {
  return home_.now() >= due_ || home_.clock().unix_micros() >= due_micros_;
}

void Refresher::plan(Duration from_now) {
  due_ = runtime::after(home_.now(), from_now);
  due_micros_ = home_.clock().unix_micros() + micros(from_now);
}

runtime::Task<void> Refresher::attempt() {
  loading_ = true;
  last_attempt_ = home_.now();
  Time deadline = runtime::after(home_.now(), rules_.attempt);
  auto loading = source_->load(deadline);
  auto bounded = runtime::within(home_, runtime::after(deadline, kPatience), std::move(loading));
  auto outcome = co_await std::move(bounded);
  loading_ = false;
  if (!outcome) {
    fail(SourceFailure(Cause::timed_out, fmt::format("{} gave no keys in time", source_->name())));
  } else if (!*outcome) {
    fail(std::move(outcome->error()));
  } else {
    succeed(std::move(**outcome));
  }
}

void Refresher::succeed(Keys keys) {
  std::int64_t now = home_.clock().unix_seconds();
  Duration wait;
  std::int64_t usable_until = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> mandatory_at;
  if (keys.expires) {
    // The subtraction cannot overflow: parsed times end with the year 9999.
    std::int64_t left = *keys.expires - now;
    auto longest = std::chrono::duration_cast<std::chrono::seconds>(rules_.longest_life).count();
    Duration life = std::chrono::seconds(std::clamp<std::int64_t>(left, 0, longest));
    auto usable_for = std::chrono::floor<std::chrono::seconds>(life - safety_margin(life)).count();
    if (usable_for > 0) {
      wait = until_refresh(rules_, life, random_);
      mandatory_at = home_.clock().unix_micros() + micros(until_mandatory(rules_, life));
    } else if (keys.usable_when_expired) {
      wait = until_recheck(rules_, random_);
    } else {
      return fail(SourceFailure(
          Cause::bad_answer,
          fmt::format("the new keys of {} end {}, which is now or past; is this machine's clock "
                      "right?",
                      line_->name(), iso_time(*keys.expires))));
    }
    usable_until = now + usable_for;
  } else {
    wait = until_recheck(rules_, random_);
  }
  // A life of seconds must not become a loop of requests.
  wait = std::max(wait, rules_.first_retry);
  plan(wait);

  bool same = snapshot_.keys && same_keys(*snapshot_.keys, keys);
  bool news = !same || snapshot_.failure != nullptr;
  failures_ = 0;
  mandatory_at_ = mandatory_at;
  snapshot_.failure = nullptr;
  snapshot_.usable_until = usable_until;
  if (!same) snapshot_.keys = std::make_shared<const Keys>(std::move(keys));

  RefreshReport report;
  report.name = line_->name();
  report.outcome = same ? Outcome::unchanged : Outcome::renewed;
  report.origin = snapshot_.keys->origin;
  report.expires = snapshot_.keys->expires;
  report.usable = true;
  report.next_attempt = wait;
  observer_.refreshed(report);
  if (news) publish();
}

void Refresher::fail(SourceFailure failure) {
  ++failures_;
  Duration wait = until_retry(rules_, failures_, failure.retry_after, random_);
  plan(wait);
  std::int64_t now = home_.clock().unix_seconds();
  // Keys without an end that can no longer be looked up may have been withdrawn.
  if (failures_ == 1 && snapshot_.keys && !snapshot_.keys->expires) {
    snapshot_.usable_until =
        now + std::chrono::floor<std::chrono::seconds>(rules_.longest_stale).count();
  }
  snapshot_.failure = std::make_shared<const SourceFailure>(std::move(failure));

  RefreshReport report;
  report.name = line_->name();
  report.outcome = Outcome::failed;
  report.failure = snapshot_.failure.get();
  if (snapshot_.keys) report.expires = snapshot_.keys->expires;
  report.failures = failures_;
  report.usable = snapshot_.usable(now);
  report.urgent =
      !report.usable || (mandatory_at_ && home_.clock().unix_micros() >= *mandatory_at_);
  report.next_attempt = wait;
  observer_.refreshed(report);
  publish();
}

void Refresher::publish() {
  for (const auto& slot : subscribers_)
    HolderMail::deliver(slot, snapshot_);
}

void Refresher::subscribe(std::shared_ptr<Holder::Slot> slot) {
  if (snapshot_.keys || snapshot_.failure) HolderMail::deliver(slot, snapshot_);
  subscribers_.push_back(std::move(slot));
}

void Refresher::unsubscribe(const Holder::Slot* slot) {
  std::erase_if(subscribers_, [slot](const auto& subscriber) { return subscriber.get() == slot; });
}

void Refresher::rejected(std::string_view key_id) {
  // While an attempt runs its answer is on the way, and after a failure the back-off decides.
  if (loading_ || failures_ > 0 || !snapshot_.keys || snapshot_.keys->key.id != key_id) return;
  Time earliest = runtime::after(last_attempt_, rules_.between_rejections);
  if (earliest >= due_) return;
  plan(std::max(earliest - home_.now(), Duration::zero()));
  changed_.wake_all();
}

}  // namespace signet::credentials
