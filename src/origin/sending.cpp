#include "origin/sending.h"

#include <chrono>
#include <string>
#include <utility>

#include "origin/outgoing_head.h"

namespace signet::origin {

namespace {

using Kind = SendError::Kind;
using Result = std::expected<Incoming, SendError>;
using Step = Answer::Step;

SendError error(Kind kind, std::string detail = {}) {
  return {.kind = kind, .detail = std::move(detail)};
}

}  // namespace

std::expected<void, SendError> Sending::compose() {
  http::Fields extra(answer_->arena());
  if (stamp_ != nullptr) {
    if (auto stamped = stamp_->stamp(request_, extra); !stamped) {
      lease.give_back();  // untouched
      return std::unexpected(unsent(error(Kind::stamp_failed, std::move(stamped).error().why)));
    }
  }
  if (request_.has_body && request_.length != 0 && body_ == nullptr) {
    lease.give_back();
    return std::unexpected(unsent(error(Kind::unsendable, "a body was announced but not given")));
  }
  auto written = write_head(answer_->block(), request_, extra, host_);
  if (!written) {
    lease.give_back();
    return std::unexpected(unsent(error(Kind::unsendable, std::string(written.error()))));
  }
  upload_.begin(answer_->block().view());
  reused_ = std::exchange(lease.connection()->used, true);
  if (reused_) stats_.reuses.add();
  return {};
}

// `complete` means: on to the answer.
Step Sending::send_head() {
  const auto flushed = upload_.flush(stream());
  if (!flushed) {
    if (!upload_.taken()) return Step::ended;
    // An answer may have come before the connection broke.
    request_is_sent(Upload::End::broken);
    return Step::complete;
  }
  return *flushed || upload_.head_gone() ? Step::complete : Step::wait;
}

void Sending::send_body() {
  head_sent_ = loop_.now();
  if (upload_end_) return;
  if (upload_.finished()) return request_is_sent(Upload::End::done);
  uploading_.emplace(loop_, run(upload_, stream(), settings_.timeouts.stall));
}

runtime::Task<Upload::End> Sending::run(Upload& upload, runtime::Stream& stream,
                                        runtime::Duration stall) {
  const Upload::End end = co_await upload.run(stream, stall);
  // Whoever waits for the answer has a deadline, or a reason to give up, from now on. With TLS that
  // wait may be in either list.
  stream.watch().readers.wake_all();
  stream.watch().writers.wake_all();
  co_return end;
}

void Sending::request_is_sent(Upload::End how) {
  upload_end_ = how;
  deadline_ = runtime::after(loop_.now(), settings_.timeouts.response);
}

Step Sending::read_head() {
  if (uploading_ && uploading_->done() && !upload_end_) request_is_sent(uploading_->result());
  if (upload_end_ == Upload::End::body_failed || upload_end_ == Upload::End::stalled) {
    return Step::ended;
  }
  const bool first = !answer_->begun();
  const Step step = answer_->read_head(stream());
  if (first && answer_->begun()) {
    timings().first_byte =
        std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - head_sent_);
  }
  return step;
}

std::optional<Result> Sending::conclude(Step step) {
  if (step == Step::complete) {
    const bool whole = upload_.finished();
    uploading_.reset();
    if (!whole && body_ != nullptr) body_->stop();
    answer_->reused = reused_;
    answer_->begin_body(std::move(lease), whole);
    return Incoming(std::move(answer_));
  }
  if (step == Step::refused) {
    stats_.bad_responses.add();
    return std::unexpected(error(Kind::bad_response, std::string(answer_->refusal())));
  }
  if (upload_end_ == Upload::End::body_failed) {
    return std::unexpected(
        SendError{.kind = Kind::request_body, .body = upload_.body_error(), .detail = {}});
  }
  if (upload_end_ == Upload::End::stalled) return std::unexpected(timed_out(Kind::send_timed_out));
  stats_.resets.add();
  const bool untouched = !upload_.taken();
  if (retry(untouched || (reused_ && !answer_->begun() && repeatable()))) {
    maybe_executed_ = !untouched;
    uploading_.reset();
    upload_end_.reset();
    deadline_ = runtime::kNever;
    answer_->reset();
    lease.hold(nullptr);
    return std::nullopt;
  }
  if (untouched) {
    return std::unexpected(
        unsent(error(Kind::cannot_connect, "the connection ended before anything was sent")));
  }
  return std::unexpected(error(Kind::lost));
}

// Engine rule 24.
bool Sending::retry(bool harmless) {
  if (retried_ || !harmless) return false;
  retried_ = true;
  stats_.retries.add();
  return true;
}

bool Sending::may_connect_again(const SendError& failure) {
  return retry(failure.kind != Kind::no_address && connect_budget > runtime::Duration::zero());
}

SendError Sending::timed_out(Kind kind) {
  stats_.response_timeouts.add();
  return error(kind);
}

SendError Sending::unsent(SendError failure) const {
  if (maybe_executed_) failure.kind = Kind::lost;
  return failure;
}

}  // namespace signet::origin
