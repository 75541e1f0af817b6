#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "portal_api/api_call.h"

namespace signet::portal_api {

// The body of GET /me; without a caller it is of a gateway without identity.
std::string me_text(const std::optional<Caller>& caller, const config::Config& config);

// The body of GET /sign-in, which is for everybody: where one can sign in.
std::string sign_in_text(const config::Config& config);

}  // namespace signet::portal_api
