#pragma once

#include <filesystem>
#include <string>

#include "config/environment.h"

namespace signet::gateway {

struct ServeOptions {
  std::string config_path;
  std::filesystem::path portal;  // the built portal; need not exist
  std::string version;
  std::string commit;
};

// `signet serve`: runs until SIGTERM or SIGINT. The exit code of the program; messages go to
// stderr.
int serve(const ServeOptions& options, const config::Environment& environment);

}  // namespace signet::gateway
