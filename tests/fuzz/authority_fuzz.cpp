// Authorities: what is accepted parses to itself, and holds no byte that another reader of the same
// host could stumble over.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/host.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet;
  std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = http::parse_authority(text);
  if (!parsed) return 0;
  const std::string host(parsed->host);
  require(!host.empty() && host.find_first_of("@/\\?#, %ABCDEFGHIJKLMNOPQRSTUVWXYZ") == host.npos);
  require(host[0] == '[' || !host.contains(':'));
  require(!host.ends_with('.') && !host.starts_with('.'));
  std::string again = host;
  if (parsed->port != 0) again += ":" + std::to_string(parsed->port);
  require(again == text);
  const auto second = http::parse_authority(again);
  require(second && second->host == host && second->port == parsed->port);
  return 0;
}
