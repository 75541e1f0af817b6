#include "gateway/key_watch.h"

#include <utility>

namespace signet::gateway {

void KeyWatch::follow(const std::vector<Keys>& keys) {
  std::map<std::string, Followed, std::less<>> followed;
  for (const Keys& each : keys) {
    auto [entry, is_new] = followed.try_emplace(each.name);
    entry->second.series.push_back(each.series);
    auto known = followed_.find(each.name);
    if (is_new && known != followed_.end()) entry->second.usable = known->second.usable;
  }
  followed_ = std::move(followed);
}

void KeyWatch::refreshed(const credentials::RefreshReport& report) {
  auto found = followed_.find(report.name);
  bool failed = report.outcome == credentials::Outcome::failed;
  if (found != followed_.end()) {
    found->second.usable = report.usable;
    for (const watch::AppMetrics& series : found->second.series) {
      registry_.add(failed ? series.credentials_failed : series.credentials_refreshed);
      registry_.set(series.credentials_expire, report.expires.value_or(0));
    }
  }
  if (failed) {
    watch::LogLevel level = report.usable ? watch::LogLevel::warning : watch::LogLevel::error;
    log_.write(level, "credentials-refresh-failed",
               {{"keys", report.name},
                {"cause", credentials::to_string(report.failure->cause)},
                {"why", report.failure->reason},
                {"failures", report.failures},
                {"old_keys_still_serve", report.usable},
                {"next_attempt_ms", report.next_attempt.count() / 1'000'000}});
  } else if (report.outcome == credentials::Outcome::renewed) {
    log_.info(
        "credentials-refreshed",
        {{"keys", report.name}, {"from", report.origin}, {"expires", report.expires.value_or(0)}});
  }
}

void KeyWatch::chose(std::string_view name, std::string_view source, std::string_view passed_over) {
  log_.info("credentials-source",
            {{"keys", name}, {"source", source}, {"passed_over", passed_over}});
}

std::vector<std::string> KeyWatch::unusable() const {
  std::vector<std::string> names;
  for (const auto& [name, followed] : followed_) {
    if (!followed.usable) names.push_back(name);
  }
  return names;
}

}  // namespace signet::gateway
