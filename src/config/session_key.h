#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

// The key that seals sessions where the configuration gives none: in a file beside the state's
// database, so that a restart ends no session.
namespace signet::config {

inline constexpr std::size_t kLeastKeyBytes = 32;
inline constexpr std::string_view kHowToMakeAKey = "openssl rand -base64 32";

// session.key in the folder of state.sqlite.
std::string session_key_file(const Config& config);

// Problems of a file that is there: a symbolic link, open to others, somebody else's, too short.
// None where no key is needed, or the file is not there yet. Blocks.
Problems check_session_key(const Config& config, const Environment& environment);

// Puts the file's key into identity.session.keys where one is needed; first makes the file where
// there is none. Gateways that start at once agree on one. Blocks.
Problems take_session_key(Config& config, const Environment& environment);

}  // namespace signet::config
