#pragma once

#include <span>
#include <string>

namespace signet::files {

// The Content-Security-Policy (CSP Level 3) of the portal's pages: scripts, styles and connections
// from this address only; frames from here and from `frame_origins` (apps with a host of their
// own); framed by this address and by `frame_ancestors`. Both are host sources that the
// configuration has checked, e.g. "https://intranet.example.com".
std::string portal_policy(std::span<const std::string> frame_origins,
                          std::span<const std::string> frame_ancestors);

}  // namespace signet::files
