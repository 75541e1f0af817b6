#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "identity/provider_metadata.h"

namespace signet::identity {

// How a provider is told that somebody signs out.
enum class LogoutStyle : std::uint8_t {
  rp_initiated,  // OpenID Connect RP-Initiated Logout 1.0
  cognito        // Cognito's own: GET /logout with client_id and logout_uri
};

// Where a browser goes to end its session at the provider, and then comes back.
struct EndSession {
  std::string_view client_id;
  // Registered at the provider, byte by byte; "" to stay there.
  std::string_view return_uri;
  // The last three only count for rp_initiated; each is left out when it is "".
  std::string_view id_token_hint;
  std::string_view state;
  std::string_view logout_hint;
};

// The provider's address for it (RP-Initiated Logout §2; Amazon Cognito developer guide, "Logout
// endpoint"). Nothing when the metadata has none.
std::optional<std::string> end_session_url(const ProviderMetadata& metadata, LogoutStyle style,
                                           const EndSession& wanted);

}  // namespace signet::identity
