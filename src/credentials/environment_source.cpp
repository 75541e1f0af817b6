#include "credentials/environment_source.h"

#include <utility>

#include <fmt/core.h>

namespace signet::credentials {

std::expected<Keys, SourceFailure> keys_of_environment(const Variables& variables) {
  Keys keys;
  keys.key.id = value_of(variables, "AWS_ACCESS_KEY_ID");
  keys.key.secret = value_of(variables, "AWS_SECRET_ACCESS_KEY");
  keys.key.token = value_of(variables, "AWS_SESSION_TOKEN");
  if (keys.key.id.empty() && keys.key.secret.empty()) {
    return std::unexpected(SourceFailure(Cause::nothing_here,
                                         "the environment has neither AWS_ACCESS_KEY_ID nor "
                                         "AWS_SECRET_ACCESS_KEY"));
  }
  if (keys.key.id.empty() || keys.key.secret.empty()) {
    bool lacks_id = keys.key.id.empty();
    return std::unexpected(
        SourceFailure(Cause::misconfigured,
                      fmt::format("the environment has {} but no {}",
                                  lacks_id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                                  lacks_id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY")));
  }
  keys.origin = "the environment";
  return keys;
}

runtime::Task<std::expected<Keys, SourceFailure>> EnvironmentSource::load(runtime::Time) {
  co_return keys_of_environment(variables_);
}

}  // namespace signet::credentials
