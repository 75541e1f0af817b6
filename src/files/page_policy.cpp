#include "files/page_policy.h"

namespace signet::files {

std::string portal_policy(std::span<const std::string> frame_origins,
                          std::span<const std::string> frame_ancestors) {
  std::string policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      // The component library carries its fonts inside its style sheet.
      "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; frame-src 'self'";
  for (const std::string& origin : frame_origins)
    policy += " " + origin;
  policy += "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
  for (const std::string& ancestor : frame_ancestors)
    policy += " " + ancestor;
  return policy;
}

}  // namespace signet::files
