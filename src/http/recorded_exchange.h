#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body.h"
#include "http/method.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::http {

// For tests of what answers requests: a Reply that keeps what it was told.
class RecordedReply final : public Reply {
 public:
  explicit RecordedReply(runtime::EventLoop& loop) : loop_(loop) {}

  runtime::Task<std::expected<void, BodyError>> interim(int code) override {
    interims.push_back(code);
    co_return std::expected<void, BodyError>();
  }
  void start(const ResponseHead& head, std::optional<std::uint64_t> length) override {
    status = head.status;
    announced = length;
    for (const Field& field : head.fields)
      fields.emplace_back(field.name, field.value);
  }
  runtime::Task<std::expected<void, BodyError>> flush() override {
    co_return std::expected<void, BodyError>();
  }
  runtime::Task<std::expected<void, BodyError>> write(runtime::Buffer piece) override {
    largest_piece = std::max(largest_piece, piece.size());
    while (!takes_bytes)
      co_await writable.wait(loop_);
    if (client_leaves_after == 0) co_return std::unexpected(BodyError::gone);
    --client_leaves_after;
    body += piece.view();
    co_return std::expected<void, BodyError>();
  }
  runtime::Task<std::expected<void, BodyError>> finish() override {
    finished = true;
    co_return std::expected<void, BodyError>();
  }
  void reset() override { was_reset = true; }
  void close_after() override { closes = true; }
  bool started() const override { return status != 0; }
  std::uint64_t bytes_sent() const override { return body.size(); }

  // The value, or "(none)"; several are joined by "|".
  std::string field(std::string_view name) const {
    std::string found;
    for (const auto& [key, value] : fields) {
      if (key == name) found += (found.empty() ? "" : "|") + value;
    }
    return found.empty() ? "(none)" : found;
  }

  int status = 0;  // 0: not started
  std::optional<std::uint64_t> announced;
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<int> interims;
  std::string body;
  std::size_t largest_piece = 0;
  bool finished = false;
  bool was_reset = false;
  bool closes = false;
  // What the client does.
  bool takes_bytes = true;
  runtime::WaitList writable;
  std::size_t client_leaves_after = SIZE_MAX;  // writes

 private:
  runtime::EventLoop& loop_;
};

// One request, its reply, and a loop to handle it on.
struct RecordedExchange {
  explicit RecordedExchange(Method method = Method::get, std::string_view path = "/",
                            std::span<const std::pair<std::string, std::string>> fields = {})
      : kept(fields.begin(), fields.end()), kept_path(path) {
    request.head.method = method;
    request.head.method_name = to_string(method);
    request.head.target.path = kept_path;
    request.head.authority = {"localhost", 0};
    for (const auto& [name, value] : kept)
      request.head.fields.add(name, value);
  }

  // Turns the loop until the task has ended; false: it does not end.
  bool run(runtime::Task<void> task) {
    tasks.start(std::move(task));
    return turn_until_done();
  }
  bool turn_until_done(int turns = 1000) {
    for (int i = 0; i < turns && tasks.size() > 0; ++i)
      loop.run_once(runtime::Duration::zero());
    return tasks.size() == 0;
  }

  std::vector<std::pair<std::string, std::string>> kept;
  std::string kept_path;
  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  runtime::Arena arena{loop.blocks()};
  Request request{loop, arena};
  RecordedReply reply{loop};
  runtime::TaskSet tasks{loop};
};

}  // namespace signet::http
