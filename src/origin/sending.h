#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "http/body.h"
#include "http/method.h"
#include "origin/answer.h"
#include "origin/outgoing.h"
#include "origin/pool.h"
#include "origin/send_error.h"
#include "origin/settings.h"
#include "origin/stats.h"
#include "origin/upload.h"
#include "runtime/event_loop.h"
#include "runtime/race.h"

namespace signet::origin {

// One call of Origin::send(): what its coroutine decides between its waits.
class Sending {
 public:
  // All references live as long as the call.
  Sending(runtime::EventLoop& loop, const Settings& settings, std::string_view host, Stats& stats,
          const Outgoing& request, http::ByteSource* body, Stamp* stamp)
      : loop_(loop),
        settings_(settings),
        host_(host),
        stats_(stats),
        request_(request),
        stamp_(stamp),
        method_(http::method_from(request.method)),
        body_(request.has_body && request.length != 0 ? body : nullptr),
        upload_(body_, request.length),
        answer_(std::make_unique<Answer>(loop, settings, stats, method_)),
        connect_budget(settings.timeouts.connect) {}

  // Safe to send again when its connection died unanswered: engine rule 24 (b).
  bool repeatable() const {
    return !request_.has_body && (method_ == http::Method::get || method_ == http::Method::head ||
                                  method_ == http::Method::options);
  }
  Upload& upload() { return upload_; }
  Timings& timings() { return answer_->timings; }
  runtime::Stream& stream() { return lease.stream(); }

  // Stamps the request and writes its head into memory. On an error the connection is still good.
  std::expected<void, SendError> compose();
  // Hands the head, and what is there of the body, to the connection. `complete`: read the answer
  // now; `wait`: until the stream is writable.
  Answer::Step send_head();
  // Starts to send the rest of the body, if there is any, beside the reading.
  void send_body();
  Answer::Step read_head();
  // Of the answer's head; kNever while the request is still being sent.
  runtime::Time read_deadline() const { return deadline_; }
  // The result; nothing when the request is to be sent once more.
  std::optional<std::expected<Incoming, SendError>> conclude(Answer::Step step);

  // Whether the one retry is spent on connecting again.
  bool may_connect_again(const SendError& failure);
  SendError timed_out(SendError::Kind kind);
  // What a failure before this attempt sent anything means for the whole call.
  SendError unsent(SendError failure) const;

 private:
  static runtime::Task<Upload::End> run(Upload& upload, runtime::Stream& stream,
                                        runtime::Duration stall);
  void request_is_sent(Upload::End how);
  bool retry(bool harmless);

  runtime::EventLoop& loop_;
  const Settings& settings_;
  const std::string_view host_;
  Stats& stats_;
  const Outgoing& request_;
  Stamp* const stamp_;
  const http::Method method_;
  http::ByteSource* const body_;
  Upload upload_;
  std::unique_ptr<Answer> answer_;

 public:
  Lease lease;
  runtime::Duration connect_budget;

 private:
  runtime::Time head_sent_{};
  runtime::Time deadline_ = runtime::kNever;
  bool reused_ = false;
  bool retried_ = false;
  bool maybe_executed_ = false;  // by an earlier attempt
  std::optional<Upload::End> upload_end_;
  // Uses the stream and the upload: dies first.
  std::optional<runtime::Beside<Upload::End>> uploading_;
};

}  // namespace signet::origin
