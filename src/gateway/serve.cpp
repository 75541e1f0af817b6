#include "gateway/serve.h"

#include <csignal>
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "config/load.h"
#include "gateway/server.h"
#include "runtime/process.h"
#include "runtime/signals.h"

namespace signet::gateway {

int serve(const ServeOptions& options, const config::Environment& environment) {
  auto config = config::load(options.config_path, environment);
  if (!config) {
    for (const config::Problem& problem : config.error()) {
      fmt::print(stderr, "{}\n", problem.text());
    }
    return 2;
  }
  config::Problems problems = config::prepare_folders(*config, environment);
  for (const config::Problem& problem : problems)
    fmt::print(stderr, "{}\n", problem.text());
  if (!problems.empty()) return 2;
  for (const config::Problem& warning : config->warnings) {
    fmt::print(stderr, "warning: {}\n", warning.text());
  }
  std::size_t files = runtime::raise_open_file_limit();
  if (files < config::open_files_needed(*config)) {
    fmt::print(stderr,
               "signet: the limits may take {} open files and the system allows {}: lower "
               "limits.connections and limits.origin_connections, or raise RLIMIT_NOFILE\n",
               config::open_files_needed(*config), files);
    return 2;
  }
  runtime::prepare_for_crashes();
  runtime::Signals::block({SIGTERM, SIGINT, SIGHUP});
  try {
    Server server(std::move(*config), options, environment);
    return server.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "signet: {}\n", error.what());
    return 1;
  }
}

}  // namespace signet::gateway
