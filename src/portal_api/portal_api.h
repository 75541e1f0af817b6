#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "http/body.h"
#include "http/fields.h"
#include "portal_api/app_states.h"
#include "runtime/task.h"

namespace signet::portal_api {

enum class Answer : std::uint8_t {
  answered,            // the reply was started, and finished or failed
  unknown_path,        // nothing was started; the caller refuses
  method_not_allowed,  // the same, with kAllowed
};
inline constexpr std::string_view kAllowed = "GET, HEAD";

// /signet/api/v1 as docs/openapi.yaml describes it. Made anew for each configuration; immutable, so
// that all loops share it.
class PortalApi {
 public:
  // `public_url`: the address people type, without a trailing slash. Copies what it needs.
  PortalApi(const config::Config& config, std::string_view public_url);

  // `path`: normalised, below /signet/api/v1, e.g. "/apps". `visible`: by index in the
  // configuration, whether the caller may know of the app. `extra` fields are added as they are.
  // All arguments must stay until the task ends.
  runtime::Task<Answer> handle(http::Request& request, http::Reply& reply, std::string_view path,
                               const AppStatuses& statuses, const std::vector<bool>& visible,
                               std::span<const http::Field> extra) const;

  // The body of GET /apps.
  std::string list_apps(const AppStatuses& statuses, const std::vector<bool>& visible) const;

 private:
  struct App {
    std::string name;
    std::string lasting;  // what does not change of its object, without the closing brace
  };

  std::string head_;
  std::vector<App> apps_;
};

}  // namespace signet::portal_api
