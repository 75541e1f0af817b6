#pragma once

#include <string_view>

namespace signet::gateway {

// Whether the UI of this MLflow compiles code from strings when it loads its charts: up to 3.14 its
// plotly brings ndarray-ops, which does, and where a policy forbids it the pages of runs end in
// "Something went wrong". `version`: what the origin reported. True when that is no version, or ""
// because none is known: the UI must work, and where scripts may come from is the same.
bool ui_needs_eval(std::string_view version);

}  // namespace signet::gateway
