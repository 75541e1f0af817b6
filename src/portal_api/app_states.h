#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "portal_api/probe.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::portal_api {

enum class State : std::uint8_t { unknown, available, unavailable };
std::string_view to_string(State state);

// What is known of one app's origin.
struct AppStatus {
  std::string name;
  State state = State::unknown;
  std::string version;  // "" while unknown
  Trouble trouble = Trouble::none;
};

// All apps in the order of the configuration; shared by all loops and never changed.
using AppStatuses = std::vector<AppStatus>;

class AppStates;

// One loop's sight of the states. Made before the loops run; lives until they have stopped.
class AppStatesView {
 public:
  AppStatesView(AppStates& states, runtime::EventLoop& loop);
  AppStatesView(const AppStatesView&) = delete;
  AppStatesView& operator=(const AppStatesView&) = delete;

  // Never null. A copy of the pointer keeps it.
  const std::shared_ptr<const AppStatuses>& statuses() const { return statuses_; }
  // The MLflow version that the app last reported, "" while unknown. Valid until the loop's next
  // turn.
  std::string_view version_of(std::string_view app) const;
  // A request found the app's origin not answering: it is asked at once. Cheap to call for each of
  // many failures: more than one a second per app is ignored.
  void note_failure(std::string_view app);
  // The origin of the app at `index` of the configuration answered a request: when it does not
  // count as available, it is asked at once, at most once a second.
  void note_answer(std::size_t index);

 private:
  friend class AppStates;
  void take(std::shared_ptr<const AppStatuses> statuses);

  AppStates& states_;
  runtime::EventLoop& loop_;
  std::shared_ptr<const AppStatuses> statuses_;
  std::vector<runtime::Time> noted_;  // by index in statuses_
};

struct ProbeSettings {
  runtime::Duration every = std::chrono::seconds(10);  // give or take a fifth
  runtime::Duration deadline = std::chrono::seconds(5);
  runtime::Duration least_gap = std::chrono::seconds(1);  // between two probes of one app
};

// Asks each app's origin now and then whether it answers, and tells all loops. Everything not
// marked otherwise is called on the home loop's thread. Outlives the loops' running.
//
// An origin that once does not answer in time may only be busy: it is asked again before it counts
// as unavailable.
class AppStates {
 public:
  // `seed`: of the jitter.
  AppStates(runtime::EventLoop& home, Probe& probe, const ProbeSettings& settings,
            std::uint32_t seed);
  ~AppStates();
  AppStates(const AppStates&) = delete;
  AppStates& operator=(const AppStates&) = delete;

  // The apps from now on, in order. All are asked at once, also those known before, whose origin
  // may be another now; their state stays until the answer.
  void set_apps(const std::vector<std::string>& names);
  // Ends all probing, e.g. when draining.
  void stop();

 private:
  friend class AppStatesView;
  class Failure;
  class Update;
  struct App;

  static runtime::Task<void> keep_asking(AppStates& self, App& app);
  void settle(App& app, const ProbeResult& result);
  void note_failure(std::string_view name);
  void publish();
  runtime::Duration jittered();

  runtime::EventLoop& home_;
  Probe& probe_;
  const ProbeSettings settings_;
  std::minstd_rand random_;
  std::shared_ptr<const AppStatuses> statuses_;
  std::vector<AppStatesView*> views_;
  std::vector<std::unique_ptr<App>> apps_;
  runtime::TaskSet tasks_;
};

}  // namespace signet::portal_api
