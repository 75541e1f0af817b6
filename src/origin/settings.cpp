#include "origin/settings.h"

#include <fmt/format.h>

namespace signet::origin {

std::string host_field(const Settings& settings) {
  const bool v6 = settings.host.find(':') != std::string::npos;
  std::string host = v6 ? fmt::format("[{}]", settings.host) : settings.host;
  const std::uint16_t usual = settings.https ? 443 : 80;
  return settings.port == usual ? host : fmt::format("{}:{}", host, settings.port);
}

}  // namespace signet::origin
