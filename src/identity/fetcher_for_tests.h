#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/fetch.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::identity {

// Answers at once from a table, or with `failure`, and keeps what it was asked.
class TableFetcher final : public http::Fetcher {
 public:
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time) override {
    asked.push_back(std::move(request));
    if (failure) co_return std::unexpected(*failure);
    http::FetchAnswer answer;
    const auto found = answers.find(asked.back().url);
    answer.status = found == answers.end() ? 404 : found->second.first;
    if (found != answers.end()) answer.body = found->second.second;
    co_return answer;
  }

  std::map<std::string, std::pair<unsigned, std::string>> answers;
  std::vector<http::FetchRequest> asked;
  std::optional<http::FetchFailure> failure;
};

// The same, but an address that is held answers when it is let go, or its deadline has passed, and
// each address may fail by itself.
class LateFetcher final : public http::Fetcher {
 public:
  explicit LateFetcher(runtime::EventLoop& loop) : loop_(loop) {}

  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time deadline) override {
    const std::string url = request.url;
    asked.push_back(std::move(request));
    if (on_ask) on_ask(url);
    while (held.contains(url)) {
      if (co_await let_go_.wait(loop_, deadline) == runtime::Wake::timed_out) {
        co_return std::unexpected(http::FetchFailure{http::FetchError::timed_out, "no answer"});
      }
    }
    const auto failed = failures.find(url);
    if (failed != failures.end()) {
      co_return std::unexpected(http::FetchFailure{failed->second, "scripted"});
    }
    const auto found = answers.find(url);
    http::FetchAnswer answer;
    answer.status = found == answers.end() ? 404 : found->second.first;
    if (found != answers.end()) answer.body = found->second.second;
    co_return answer;
  }

  void let_go(const std::string& url) {
    held.erase(url);
    let_go_.wake_all();
  }
  std::size_t count(const std::string& url) const {
    return static_cast<std::size_t>(std::ranges::count(asked, url, &http::FetchRequest::url));
  }

  std::map<std::string, std::pair<unsigned, std::string>> answers;
  std::map<std::string, http::FetchError> failures;
  std::set<std::string> held;
  std::function<void(const std::string& url)> on_ask;
  std::vector<http::FetchRequest> asked;

 private:
  runtime::EventLoop& loop_;
  runtime::WaitList let_go_;
};

template <typename T>
runtime::Task<void> store(runtime::Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}

// What the task gives; it must need no time.
template <typename T>
T wait_for(runtime::EventLoop& loop, runtime::Task<T> task) {
  std::optional<T> result;
  runtime::TaskSet tasks(loop);
  tasks.start(store(std::move(task), result));
  for (int i = 0; i < 10 && !result; ++i)
    loop.run_once(runtime::Duration::zero());
  return std::move(result.value());
}

}  // namespace signet::identity
