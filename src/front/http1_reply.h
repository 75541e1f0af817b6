#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "front/http1_body.h"
#include "front/settings.h"
#include "http/body.h"
#include "http/date.h"
#include "runtime/stream.h"

namespace signet::front {

// The Date of this second, formatted once.
class DateCache {
 public:
  std::string_view text(const runtime::Clock& clock);

 private:
  std::int64_t second_ = -1;
  http::DateText text_{};
};

// Writes one HTTP/1.1 answer (RFC 9112 §4–7).
class Http1Reply final : public http::Reply {
 public:
  // `finish_soon` may turn true at any time: the answer then says `Connection: close`.
  Http1Reply(runtime::Stream& stream, http::Request& request, Http1Body& body,
             const bool& finish_soon, DateCache& dates, const Settings& settings, Stats& stats);

  runtime::Task<std::expected<void, http::BodyError>> interim(int status) override;
  void start(const http::ResponseHead& head, std::optional<std::uint64_t> length) override;
  runtime::Task<std::expected<void, http::BodyError>> flush() override;
  runtime::Task<std::expected<void, http::BodyError>> write(runtime::Buffer piece) override;
  runtime::Task<std::expected<void, http::BodyError>> finish() override;
  void reset() override { reset_ = true; }
  void close_after() override { close_ = true; }
  bool started() const override { return started_; }
  std::uint64_t bytes_sent() const override { return body_sent_; }

  // After handle() returned: whether the connection can carry another request.
  bool connection_stays() const { return finished_ && !close_ && !reset_ && !failed_; }
  bool was_reset() const { return reset_ || failed_ || !finished_; }
  // Only the connection's end tells the client where the body ends.
  bool ends_with_connection() const { return started_ && !length_ && !chunked_ && !bodiless_; }

 private:
  using Sent = std::expected<void, http::BodyError>;

  void compose(const http::ResponseHead& head, std::optional<std::uint64_t> length);
  runtime::Task<Sent> send(std::string_view body, std::string_view prefix, std::string_view end);

  runtime::Stream& stream_;
  http::Request& request_;
  Http1Body& body_;
  const bool& finish_soon_;
  DateCache& dates_;
  const Settings& settings_;
  Stats& stats_;
  std::string_view head_;  // composed and not yet sent; in the exchange's arena
  std::optional<std::uint64_t> length_;
  std::uint64_t body_sent_ = 0;
  bool started_ = false;
  bool finished_ = false;
  bool chunked_ = false;
  bool bodiless_ = false;
  bool close_ = false;
  bool reset_ = false;
  bool failed_ = false;
};

}  // namespace signet::front
