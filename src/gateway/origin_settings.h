#pragma once

#include <cstddef>

#include "config/config.h"
#include "front/settings.h"
#include "origin/settings.h"
#include "signing/how_to_sign.h"

namespace signet::gateway {

// What the configuration means for the rooms below, which do not read it.
origin::Settings origin_settings(const config::Config& config, const config::App& app,
                                 runtime::TlsClientContext& tls, std::size_t loops);
origin::Timeouts origin_timeouts(const config::Config& config);
front::Settings front_settings(const config::Config& config, std::size_t loops);
signing::HowToSign how_to_sign(const config::App& app);

}  // namespace signet::gateway
