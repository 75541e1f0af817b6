// An origin's answer, head and body, from any bytes: the same outcome whatever the fragments, never
// more body than bytes, and a connection is kept only when nothing is left on it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "origin/answer.h"
#include "origin/pool.h"

namespace {

using namespace signet;

void require(bool holds) {
  if (!holds) std::abort();
}

// Gives `text` in fragments, then ends or stays silent.
class TextStream final : public runtime::Stream {
 public:
  TextStream(runtime::EventLoop& loop, std::string_view text, std::size_t fragment, bool ends)
      : loop_(loop), rest_(text), fragment_(fragment), ends_(ends) {}

  std::expected<std::size_t, runtime::IoError> try_read(std::span<char> into) override {
    require(!into.empty());
    if (rest_.empty() && !ends_) return std::unexpected(runtime::IoError::would_block);
    const std::size_t count = std::min({rest_.size(), fragment_, into.size()});
    std::copy_n(rest_.data(), count, into.data());
    rest_.remove_prefix(count);
    return count;
  }
  std::expected<std::size_t, runtime::IoError> try_write(std::span<const iovec>) override {
    return std::unexpected(runtime::IoError::reset);
  }
  void shutdown_write() override {}
  void reset_on_close() override {}
  bool has_unread() override { return ends_ || !rest_.empty(); }
  runtime::WaitList::Awaiter wait_readable(runtime::Time deadline) override {
    return watch_.readers.wait(loop_, deadline);
  }
  runtime::WaitList::Awaiter wait_writable(runtime::Time deadline) override {
    return watch_.writers.wait(loop_, deadline);
  }
  bool read_would_wait() const override { return rest_.empty() && !ends_; }
  bool write_would_wait() const override { return false; }
  runtime::Watch& watch() override { return watch_; }
  runtime::EventLoop& loop() override { return loop_; }

 private:
  runtime::EventLoop& loop_;
  std::string_view rest_;
  std::size_t fragment_;
  bool ends_;
  runtime::Watch watch_;
};

struct Outcome {
  origin::Answer::Step head = origin::Answer::Step::wait;
  int status = 0;
  std::string body;
  std::optional<http::BodyError> error;
  bool waits = false;
  bool kept = false;
  bool operator==(const Outcome&) const = default;
};

void read_body(origin::Answer& answer, std::size_t at_most, Outcome& outcome) {
  while (true) {
    auto reading = answer.read(at_most);
    reading.handle().resume();
    if (!reading.done()) {
      outcome.waits = true;
      return;
    }
    auto piece = std::move(*reading.handle().promise().value);
    if (!piece) {
      outcome.error = piece.error();
      // How much was given before depends on the fragments.
      outcome.body.clear();
      return;
    }
    if (piece->empty()) return;
    require(piece->size() <= at_most);
    outcome.body += piece->view();
  }
}

Outcome answer_to(std::string_view text, std::size_t fragment, std::size_t at_most, bool ends,
                  http::Method asked) {
  static runtime::ManualClock clock;
  static runtime::EventLoop loop(clock);
  origin::Settings settings;
  settings.head_limits = {.request_line = 128, .header_bytes = 8192, .header_count = 16};
  origin::Stats stats;
  origin::Pool pool(loop, settings, stats);
  origin::Lease lease = pool.try_take(false);
  auto connection = std::make_unique<origin::Connection>();
  connection->stream = std::make_unique<TextStream>(loop, text, fragment, ends);
  runtime::Stream& stream = *connection->stream;
  lease.hold(std::move(connection));

  Outcome outcome;
  {
    origin::Answer answer(loop, settings, stats, asked);
    answer.block().reserve(4096);
    outcome.head = answer.read_head(stream);
    if (outcome.head == origin::Answer::Step::complete) {
      outcome.status = answer.head().status;
      answer.begin_body(std::move(lease), true);
      read_body(answer, at_most, outcome);
    }
  }
  outcome.kept = pool.idle() == 1;
  require(outcome.body.size() <= text.size());
  require(!outcome.kept || (!ends && !outcome.error && !outcome.waits));
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 3), size - 3);
  const bool ends = (data[0] & 1) != 0;
  const auto asked = (data[0] & 2) != 0 ? http::Method::head : http::Method::get;
  const std::size_t fragment = 1 + data[1];
  const std::size_t at_most = 1 + data[2];
  const Outcome whole = answer_to(text, SIZE_MAX, 64 * 1024, ends, asked);
  require(answer_to(text, 1, 64 * 1024, ends, asked) == whole);
  require(answer_to(text, fragment, at_most, ends, asked) == whole);
  require(answer_to(text, SIZE_MAX, 1, ends, asked) == whole);
  return 0;
}
