#pragma once

#include <expected>
#include <string>

#include "credentials/source.h"
#include "credentials/variables.h"

namespace signet::credentials {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Half of the first two is
// Cause::misconfigured, none of them Cause::nothing_here.
// https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
std::expected<Keys, SourceFailure> keys_of_environment(const Variables& variables);

class EnvironmentSource final : public Source {
 public:
  explicit EnvironmentSource(Variables variables) : variables_(std::move(variables)) {}
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) override;
  std::string name() const override { return "environment"; }

 private:
  Variables variables_;
};

}  // namespace signet::credentials
