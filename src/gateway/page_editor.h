#pragma once

#include <string>
#include <string_view>

namespace signet::gateway {

// MLflow 3 links its files relatively and needs no help below a mount. Older pages name them from
// the root: every src="/…" and href="/…" that leads to the page's own server then begins with
// "./". Gives the page as it is when there is none. Scripts and text are not touched.
std::string edit_page(std::string_view page);

// The page with a script of ours as the first of its head, so that it runs before all others; as it
// is when it has no tag <head>. `address` needs no escaping.
std::string with_script(std::string_view page, std::string_view address);

}  // namespace signet::gateway
