#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signet::credentials {

// Looks a variable of the environment up; injected. Called on the home loop: must not block.
using Variables = std::function<std::optional<std::string>(std::string_view name)>;

// As the AWS SDKs read one: set to nothing counts as not set. Empty when it is not set.
inline std::string value_of(const Variables& variables, std::string_view name) {
  return variables(name).value_or(std::string());
}

}  // namespace signet::credentials
