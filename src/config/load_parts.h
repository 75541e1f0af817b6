#pragma once

#include "config/config.h"
#include "config/reader.h"

// The larger parts of load.cpp; nobody else calls them.
namespace signet::config {

// What apps and providers may be called: [a-z0-9][a-z0-9-]{0,62}.
bool is_path_name(std::string_view name);

// listen, admin and the default of public_url.
void load_listeners(Reader& reader, Section& top, Config& config);
// After public_url and hosts, which the apps' own hosts must differ from.
void load_apps(Reader& reader, Section& top, Config& config);
// After listeners; whether anybody is known decides where they may be.
void load_identity(Reader& reader, Section& top, Config& config);
// Parts of it. load_providers comes after apps, whose addresses it looks at too.
void load_providers(Reader& reader, Section& top, Section& identity, Config& config);
void load_session(Reader& reader, Section& identity, Config& config);
void load_load_balancer(Reader& reader, Section& top, Section& identity, Config& config);
void load_aws_roles(Reader& reader, Section& identity, Config& config);
// After apps and identity.
void load_access(Reader& reader, Section& top, Config& config);
// After apps and spool.
void load_limits(Reader& reader, Section limits, Config& config);
void load_timeouts(Section timeouts, Config& config);

}  // namespace signet::config
