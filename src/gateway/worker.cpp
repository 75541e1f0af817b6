#include "gateway/worker.h"

#include <utility>

#include "gateway/exchange.h"

namespace signet::gateway {

namespace {

// A body that is not there, for requests whose head was not understood.
class NoBody final : public http::ByteSource {
 public:
  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t) override {
    co_return runtime::Buffer();
  }
  std::optional<std::uint64_t> length() const override { return 0; }
  void stop() override {}
};

}  // namespace

runtime::Task<void> Worker::handle(http::Request& request, http::ByteSource& body,
                                   http::Reply& reply) {
  Exchange exchange(*this, request, body, reply);
  co_await exchange.run();
}

runtime::Task<void> Worker::handle_malformed(http::Request& request, http::ParseError error,
                                             http::Reply& reply) {
  NoBody nothing;
  Exchange exchange(*this, request, nothing, reply);
  co_await exchange.run_malformed(error);
}

void Worker::serve(std::unique_ptr<LoopSite> fresh) {
  if (current_) former_.push_back(std::move(current_));
  current_ = std::move(fresh);
  drop_former();
}

void Worker::drop_former() {
  std::erase_if(former_, [this](const auto& site) {
    if (site->in_use()) return false;
    for (const auto& app : site->apps())
      app->close_tally(shard);
    return true;
  });
}

void Worker::tally() {
  drop_former();
  for (const auto& site : former_) {
    for (const auto& app : site->apps())
      app->tally(shard);
  }
  for (const auto& app : current_->apps())
    app->tally(shard);
}

}  // namespace signet::gateway
