#include "identity/end_session.h"

#include <vector>

#include "identity/form.h"

namespace signet::identity {

std::optional<std::string> end_session_url(const ProviderMetadata& metadata, LogoutStyle style,
                                           const EndSession& wanted) {
  if (metadata.end_session_endpoint.empty()) return std::nullopt;
  std::vector<FormParameter> parameters{{"client_id", std::string(wanted.client_id)}};
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) parameters.push_back({std::string(name), std::string(value)});
  };
  switch (style) {
    case LogoutStyle::cognito: add("logout_uri", wanted.return_uri); break;
    case LogoutStyle::rp_initiated:
      add("post_logout_redirect_uri", wanted.return_uri);
      add("id_token_hint", wanted.id_token_hint);
      // §2: it comes back with the browser, which goes nowhere without the address.
      if (!wanted.return_uri.empty()) add("state", wanted.state);
      add("logout_hint", wanted.logout_hint);
      break;
  }
  return with_query(metadata.end_session_endpoint, parameters);
}

}  // namespace signet::identity
