#pragma once

#include <string_view>

namespace signet::gateway {

// Whether the UI of this MLflow compiles code from strings when it loads its charts: up to 3.14 its
// plotly brings ndarray-ops, which does, and without it the pages of runs end in "Something went
// wrong". `version`: what the origin reported, "" while unknown; of what is not known to be newer
// it is said that it does.
bool ui_needs_eval(std::string_view version);

}  // namespace signet::gateway
