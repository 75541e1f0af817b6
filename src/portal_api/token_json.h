#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "portal_api/api_call.h"
#include "state/records.h"
#include "state/snapshot.h"

namespace signet::portal_api {

// "personal", "service", …
std::string_view to_string(state::TokenKind kind);

// Appends the object that docs/openapi.yaml calls Token. What its owner's revocation ended counts
// as revoked.
void append_token(std::string& out, const state::Token& token, const state::Snapshot& snapshot,
                  std::int64_t now);

// Something that was done to a token, for the audit log: which one it is, whose, and what it opens.
ApiEvent event_about(std::string_view event, std::string_view person, const state::Token& token);

}  // namespace signet::portal_api
