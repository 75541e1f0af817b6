#pragma once

#include <map>
#include <optional>
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
