#include <algorithm>

#include <fmt/format.h>

#include "config/load_parts.h"
#include "config/session_key.h"
#include "config/units.h"

namespace signet::config {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

void read_keys(Reader& reader, Section& session, SessionRules& rules) {
  std::vector<const Node*> entries = session.list("keys");
  if (session.is_empty_list("keys")) {
    session.problem("keys", fmt::format("the list is empty: give a key ({}) or leave the list out",
                                        kHowToMakeAKey));
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", session.path_of("keys"), i);
    auto key = secret_of(reader, *entries[i], path);
    if (!key) continue;
    const std::size_t bytes = key->reveal().size();
    auto same = std::ranges::find(rules.keys, *key);
    if (bytes < kLeastKeyBytes) {
      reader.problem(entries[i]->place,
                     fmt::format("{}: it has {} bytes, and a key has at least {}: make one with {}",
                                 path, bytes, kLeastKeyBytes, kHowToMakeAKey));
    } else if (same != rules.keys.end()) {
      reader.problem(entries[i]->place, fmt::format("{}: this key is there twice: keep one", path));
    } else {
      rules.keys.push_back(std::move(*key));
    }
  }
}

}  // namespace

void load_session(Reader& reader, Section& identity, Config& config) {
  Section session = identity.section("session");
  SessionRules& rules = config.identity.session;
  rules.place = session.present() ? session.place_of("keys") : identity.place_of("session");
  const bool idle = session.duration("idle", rules.idle, seconds(1), hours(24 * 30));
  const bool lifetime = session.duration("lifetime", rules.lifetime, seconds(1), hours(24 * 30));
  session.duration("refresh", rules.refresh, seconds(1), hours(24 * 30));
  if (!session.has("idle")) {
    rules.idle = std::min(rules.idle, rules.lifetime);
  } else if (idle && rules.idle > rules.lifetime && (lifetime || !session.has("lifetime"))) {
    session.problem("idle", fmt::format("{} is longer than a session may last, {}: shorten it, or "
                                        "give a longer lifetime",
                                        duration_text(rules.idle), duration_text(rules.lifetime)));
  }
  read_keys(reader, session, rules);
  session.close();

  Section tokens = identity.section("tokens");
  tokens.duration("max_lifetime", config.identity.tokens.max_lifetime, hours(1), hours(24 * 366));
  tokens.close();
}

}  // namespace signet::config
