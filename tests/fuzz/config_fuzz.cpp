#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/environment_for_tests.h"
#include "config/load.h"

// Any text gives a configuration or problems that point into it, quickly, and never prints a
// secret.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  signet::config::TestEnvironment environment;
  environment.variables["SECRET"] = "kept-to-itself";
  environment.files["/secret"] = "kept-to-itself\n";
  environment.files["/ca.pem"] = "-----BEGIN CERTIFICATE-----\n";
  auto config = signet::config::load_text("f", text, environment);
  if (config) {
    if (config->apps.empty() || config->listen.empty()) __builtin_trap();
    if (!config->default_app().is_default) __builtin_trap();
    for (const auto& listener : config->listen) {
      if (!config->identity.given && !listener.address.is_loopback()) __builtin_trap();
    }
    return 0;
  }
  if (config.error().empty()) __builtin_trap();
  for (const auto& problem : config.error()) {
    if (problem.place.line < 1 || problem.place.column < 1) __builtin_trap();
    if (problem.what.find("kept-to-itself") != std::string::npos &&
        text.find("kept-to-itself") == std::string_view::npos) {
      __builtin_trap();
    }
  }
  return 0;
}
