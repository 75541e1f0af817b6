#include "credentials/role_source.h"

#include <utility>

#include <fmt/core.h>

namespace signet::credentials {

RoleSource::RoleSource(runtime::EventLoop& loop, std::shared_ptr<Line> with, Sts& sts, Role role)
    : sts_(sts), role_(std::move(role)), with_(loop, std::move(with)) {}

runtime::Task<std::expected<Keys, SourceFailure>> RoleSource::load(runtime::Time deadline) {
  auto waiting = with_.get(deadline);
  auto with = co_await std::move(waiting);
  if (!with) {
    SourceFailure failure = std::move(with.error());
    failure.reason = fmt::format("role {} cannot be assumed: {}", role_.arn, failure.reason);
    co_return std::unexpected(std::move(failure));
  }
  Pinned own = std::move(*with);
  auto assuming = sts_.assume(own->key, role_, deadline);
  auto keys = co_await std::move(assuming);
  if (!keys) {
    Cause cause = keys.error().cause;
    if (cause == Cause::keys_expired || cause == Cause::keys_rejected) {
      with_.report_rejected(own->key.id);
    }
    co_return std::unexpected(std::move(keys.error()));
  }
  keys->origin = fmt::format("role {} with {}", role_.arn, own->origin);
  co_return std::move(*keys);
}

}  // namespace signet::credentials
