#pragma once

#include <memory>
#include <string>

#include "credentials/holder.h"
#include "credentials/role.h"
#include "credentials/source.h"
#include "credentials/sts.h"
#include "runtime/event_loop.h"

namespace signet::credentials {

// A role's keys, assumed with keys that another refresher keeps. When STS finds those expired or
// invalid, it has them fetched again.
class RoleSource final : public Source {
 public:
  RoleSource(runtime::EventLoop& loop, std::shared_ptr<Line> with, Sts& sts, Role role);
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) override;
  std::string name() const override { return "role " + role_.arn; }

 private:
  Sts& sts_;
  Role role_;
  Holder with_;
};

}  // namespace signet::credentials
