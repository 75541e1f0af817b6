#include "portal_api/app_states.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/race.h"

namespace signet::portal_api {

namespace {

constexpr std::size_t kLongestVersion = 40;

// What an origin says is shown to people: only what a version looks like (PEP 440), else nothing.
std::string version_from(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  const bool lawful = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '+' || c == '-' || c == '!' || c == '_';
  });
  return lawful && text.size() <= kLongestVersion ? std::string(text) : std::string();
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::unknown: return "unknown";
    case State::available: return "available";
    case State::unavailable: return "unavailable";
  }
  return "unknown";
}

// New states on their way to another loop.
class AppStates::Update final : public runtime::Message {
 public:
  Update(AppStatesView& view, std::shared_ptr<const AppStatuses> statuses)
      : view_(view), statuses_(std::move(statuses)) {}
  void deliver() override { view_.take(std::move(statuses_)); }

 private:
  AppStatesView& view_;
  std::shared_ptr<const AppStatuses> statuses_;
};

// A failure seen by traffic, on its way to the home loop.
class AppStates::Failure final : public runtime::Message {
 public:
  Failure(AppStates& states, std::string_view app) : states_(states), app_(app) {}
  void deliver() override { states_.note_failure(app_); }

 private:
  AppStates& states_;
  std::string app_;
};

struct AppStates::App {
  explicit App(std::string name) { status.name = std::move(name); }

  AppStatus status;
  bool wanted = false;    // ask before it is due
  bool was_slow = false;  // the last probe timed out
  runtime::WaitList due;  // the keeper, between two probes
  runtime::TaskSet::Entry* keeper = nullptr;
};

AppStatesView::AppStatesView(AppStates& states, runtime::EventLoop& loop)
    : states_(states), loop_(loop) {
  take(states.statuses_);
  states.views_.push_back(this);
}

void AppStatesView::take(std::shared_ptr<const AppStatuses> statuses) {
  // The apps, and so the indices, change only with the configuration.
  if (!statuses_ || statuses_->size() != statuses->size()) noted_.assign(statuses->size(), {});
  statuses_ = std::move(statuses);
}

std::string_view AppStatesView::version_of(std::string_view app) const {
  const auto found = std::ranges::find(*statuses_, app, &AppStatus::name);
  return found == statuses_->end() ? std::string_view() : found->version;
}

void AppStatesView::note_failure(std::string_view app) {
  for (std::size_t i = 0; i < statuses_->size(); ++i) {
    if ((*statuses_)[i].name != app) continue;
    if (noted_[i] != runtime::Time() && loop_.now() - noted_[i] < states_.settings_.least_gap) {
      return;
    }
    noted_[i] = loop_.now();
    states_.home_.post(std::make_unique<AppStates::Failure>(states_, app));
    return;
  }
}

void AppStatesView::note_answer(std::size_t index) {
  if (index >= statuses_->size() || (*statuses_)[index].state == State::available) return;
  note_failure((*statuses_)[index].name);
}

AppStates::AppStates(runtime::EventLoop& home, Probe& probe, const ProbeSettings& settings,
                     std::uint32_t seed)
    : home_(home),
      probe_(probe),
      settings_(settings),
      random_(seed),
      statuses_(std::make_shared<const AppStatuses>()),
      tasks_(home) {}

AppStates::~AppStates() {
  stop();
}

void AppStates::stop() {
  tasks_.cancel_all();
  for (const auto& app : apps_)
    app->keeper = nullptr;
}

void AppStates::set_apps(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<App>> apps;
  for (const std::string& name : names) {
    auto known = std::find_if(apps_.begin(), apps_.end(), [&name](const auto& app) {
      return app != nullptr && app->status.name == name;
    });
    apps.push_back(known == apps_.end() ? std::make_unique<App>(name) : std::move(*known));
  }
  for (const auto& gone : apps_) {
    if (gone != nullptr && gone->keeper != nullptr) tasks_.cancel(gone->keeper);
  }
  apps_ = std::move(apps);
  for (const auto& app : apps_) {
    // A probe under way may ask the origin of before.
    if (app->keeper != nullptr) tasks_.cancel(app->keeper);
    app->keeper = tasks_.start(keep_asking(*this, *app));
  }
  publish();
}

runtime::Task<void> AppStates::keep_asking(AppStates& self, App& app) {
  runtime::EventLoop& loop = self.home_;
  while (true) {
    app.wanted = false;
    const runtime::Time asked = loop.now();
    const runtime::Time deadline = asked + self.settings_.deadline;
    auto probing = self.probe_.probe(app.status.name, deadline);
    std::optional<ProbeResult> result =
        co_await runtime::within(loop, deadline, std::move(probing));
    if (!result) result.emplace(ProbeResult{Trouble::timed_out, {}});
    self.settle(app, *result);

    const runtime::Time earliest = asked + self.settings_.least_gap;
    const runtime::Time regular = loop.now() + self.jittered();
    while (loop.now() < (app.wanted ? earliest : regular)) {
      co_await app.due.wait(loop, app.wanted ? earliest : regular);
    }
  }
}

void AppStates::settle(App& app, const ProbeResult& result) {
  AppStatus next;
  next.name = app.status.name;
  next.trouble = result.trouble;
  next.version = app.status.version;
  next.state = result.trouble == Trouble::none ? State::available : State::unavailable;
  const bool slow = result.trouble == Trouble::timed_out;
  const bool slow_again = slow && std::exchange(app.was_slow, slow);
  app.was_slow = slow;
  if (slow && !slow_again && app.status.state == State::available) {
    app.wanted = true;
    return;
  }
  if (next.state == State::available) next.version = version_from(result.version);
  const bool changed = next.state != app.status.state || next.trouble != app.status.trouble ||
                       next.version != app.status.version;
  app.status = std::move(next);
  if (changed) publish();
}

void AppStates::note_failure(std::string_view name) {
  for (const auto& app : apps_) {
    if (app->status.name != name) continue;
    app->wanted = true;
    app->due.wake_all();
  }
}

void AppStates::publish() {
  auto statuses = std::make_shared<AppStatuses>();
  for (const auto& app : apps_)
    statuses->push_back(app->status);
  statuses_ = std::move(statuses);
  for (AppStatesView* view : views_) {
    if (&view->loop_ == &home_) {
      view->take(statuses_);
    } else {
      view->loop_.post(std::make_unique<Update>(*view, statuses_));
    }
  }
}

// Between 0.8 and 1.2 times the interval: many gateways must not ask in step.
runtime::Duration AppStates::jittered() {
  constexpr int kSteps = 1000;
  std::uniform_int_distribution<int> step(-kSteps, kSteps);
  return settings_.every + settings_.every / 5 * step(random_) / kSteps;
}

}  // namespace signet::portal_api
