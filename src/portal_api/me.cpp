#include "portal_api/me.h"

#include <fmt/format.h>

#include "portal_api/answers.h"
#include "portal_api/token_api.h"
#include "watch/json_text.h"

namespace signet::portal_api {

namespace {

std::string_view text_of(identity::Means means) {
  switch (means) {
    case identity::Means::session: return "session";
    case identity::Means::token: return "token";
    case identity::Means::bearer: return "bearer";
    case identity::Means::load_balancer: break;
  }
  return "load_balancer";
}

void append_provider(std::string& out, const config::Provider& provider) {
  out += "{";
  append_text(out, "name", provider.name);
  append_text(out, "title", provider.title.empty() ? provider.name : provider.title);
  out += "}";
}

void append_flag(std::string& out, std::string_view name, bool value) {
  watch::append_json_name(out, name);
  out += value ? "true" : "false";
}

}  // namespace

std::string me_text(const std::optional<Caller>& caller, const config::Config& config) {
  std::string out = "{\"person\":{";
  append_text(out, "id", caller ? caller->person.id : "anonymous");
  append_text(out, "name", caller ? caller->person.name : "");
  append_texts(out, "groups", caller ? caller->person.groups : std::vector<std::string>());
  append_flag(out, "admin", !caller || caller->is_admin);
  out += "}";
  append_text(out, "means", caller ? text_of(caller->means) : "anonymous");
  watch::append_json_name(out, "provider");
  const config::Provider* provider = caller ? config.identity.provider(caller->provider) : nullptr;
  if (provider == nullptr) {
    out += "null";
  } else {
    append_provider(out, *provider);
  }
  const bool in_session = caller && caller->means == identity::Means::session;
  watch::append_json_name(out, "session");
  if (in_session) {
    out += "{";
    append_time(out, "signed_in_at", caller->signed_in_at);
    append_time(out, "ends_at", caller->ends_at);
    out += "}";
  } else {
    out += "null";
  }
  append_flag(out, "can_make_tokens", in_session);
  watch::append_json_name(out, "max_token_days");
  out += fmt::format("{}}}\n", max_token_days(config.identity.tokens.max_lifetime));
  return out;
}

std::string sign_in_text(const config::Config& config) {
  std::string out = "{";
  append_text(out, "title", config.portal.title);
  watch::append_json_name(out, "providers");
  out += "[";
  for (const config::Provider& provider : config.identity.providers) {
    if (!out.ends_with('[')) out += ",";
    append_provider(out, provider);
  }
  out += "]}\n";
  return out;
}

}  // namespace signet::portal_api
