#include "portal_api/portal_api.h"

#include <algorithm>
#include <utility>

#include "http/head.h"
#include "watch/json_text.h"

namespace signet::portal_api {

using http::FieldId;
using http::Method;

namespace {

constexpr std::size_t kPiece = 64 * 1024;

void append_text(std::string& out, std::string_view name, std::string_view text) {
  watch::append_json_name(out, name);
  watch::append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view text) {
  watch::append_json_name(out, name);
  if (text.empty()) {
    out += "null";
  } else {
    watch::append_json_string(out, text);
  }
}

}  // namespace

PortalApi::PortalApi(const config::Config& config, std::string_view public_url) {
  head_ = "{\"portal\":{";
  append_text(head_, "title", config.portal.title);
  head_ += "},\"apps\":[";
  for (const config::App& app : config.apps) {
    App& made = apps_.emplace_back();
    made.name = app.name;
    made.lasting = "{";
    const std::string path = "/apps/" + app.name;
    append_text(made.lasting, "name", app.name);
    append_text(made.lasting, "title", app.title.empty() ? app.name : app.title);
    watch::append_json_name(made.lasting, "default");
    made.lasting += app.is_default ? "true" : "false";
    append_text(made.lasting, "kind", config::to_string(app.kind));
    append_text_or_null(made.lasting, "region", app.region);
    append_text(made.lasting, "mount", app.public_url ? app.public_url->text() + "/" : path + "/");
    append_text(made.lasting, "url",
                app.public_url ? app.public_url->text() : std::string(public_url) + path);
  }
}

std::string PortalApi::list_apps(const AppStatuses& statuses,
                                 const std::vector<bool>& visible) const {
  const AppStatus unknown;
  std::string out = head_;
  for (std::size_t i = 0; i < apps_.size(); ++i) {
    if (!visible[i]) continue;
    const App& app = apps_[i];
    const auto found =
        std::find_if(statuses.begin(), statuses.end(),
                     [&app](const AppStatus& status) { return status.name == app.name; });
    const AppStatus& status = found == statuses.end() ? unknown : *found;
    if (!out.ends_with('[')) out += ',';
    out += app.lasting;
    append_text(out, "state", to_string(status.state));
    append_text_or_null(out, "version", status.version);
    append_text_or_null(out, "message", message_for(status.trouble));
    out += '}';
  }
  out += "]}\n";
  return out;
}

runtime::Task<Answer> PortalApi::handle(http::Request& request, http::Reply& reply,
                                        std::string_view path, const AppStatuses& statuses,
                                        const std::vector<bool>& visible,
                                        std::span<const http::Field> extra) const {
  if (path != "/apps") co_return Answer::unknown_path;
  const Method method = request.head.method;
  if (method != Method::get && method != Method::head) co_return Answer::method_not_allowed;

  const std::string text = list_apps(statuses, visible);
  http::ResponseHead head(request.arena);
  head.fields.add(FieldId::content_type, "application/json");
  head.fields.add(FieldId::cache_control, "no-store");
  head.fields.add(FieldId::x_content_type_options, "nosniff");
  head.fields.add(FieldId::cross_origin_opener_policy, "same-origin");
  head.fields.add(FieldId::cross_origin_resource_policy, "same-origin");
  for (const http::Field& field : extra)
    head.fields.add(field);
  reply.start(head, text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, kPiece);
    rest.remove_prefix(part.size());
    runtime::Buffer piece = runtime::Buffer::copy_of(request.loop.blocks(), part);
    auto sent = co_await reply.write(std::move(piece));
    if (!sent) co_return Answer::answered;
  }
  co_await reply.finish();
  co_return Answer::answered;
}

}  // namespace signet::portal_api
