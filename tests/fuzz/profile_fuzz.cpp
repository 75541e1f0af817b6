#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "credentials/ini.h"
#include "credentials/profiles.h"

// The first byte splits the rest into a config and a credentials file. Whatever they hold, planning
// ends, and what it gives is complete.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::credentials;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::size_t cut = text.size() * data[0] / 255;
  ProfileFile config;
  config.exists = true;
  config.text = text.substr(0, cut);
  ProfileFile credentials;
  credentials.exists = true;
  credentials.is_credentials = true;
  credentials.text = text.substr(cut);

  if (auto sections = parse_ini(text); !sections && sections.error().what.empty()) std::abort();
  auto profiles = Profiles::read(config, credentials);
  if (!profiles) return 0;
  for (std::string_view name : {"default", "a"}) {
    auto plan = plan_for(*profiles, name, true);
    if (!plan) {
      if (plan.error().reason.empty()) std::abort();
      continue;
    }
    if (!plan->keys_of_environment && (plan->keys.key.id.empty() || plan->keys.key.secret.empty()))
      std::abort();
    for (const Role& role : plan->roles)
      if (role.arn.empty()) std::abort();
  }
  return 0;
}
