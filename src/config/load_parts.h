#pragma once

#include "config/config.h"
#include "config/reader.h"

// The larger parts of load.cpp; nobody else calls them.
namespace signet::config {

// listen, admin and the default of public_url.
void load_listeners(Reader& reader, Section& top, Config& config);
// After public_url and hosts, which the apps' own hosts must differ from.
void load_apps(Reader& reader, Section& top, Config& config);
// After listeners; whether anybody is known decides where they may be.
void load_identity(Reader& reader, Section& top, Config& config);
// After apps and identity.
void load_access(Reader& reader, Section& top, Config& config);
// After apps and spool.
void load_limits(Reader& reader, Section limits, Config& config);
void load_timeouts(Section timeouts, Config& config);

}  // namespace signet::config
