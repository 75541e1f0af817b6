#include "portal_api/token_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/access.h"
#include "portal_api/answers.h"
#include "watch/json_text.h"

namespace signet::portal_api {

using config::Permission;

std::string_view to_string(state::TokenKind kind) {
  switch (kind) {
    case state::TokenKind::personal: return "personal";
    case state::TokenKind::service: return "service";
    case state::TokenKind::device: return "device";
    case state::TokenKind::renewal: return "renewal";
    case state::TokenKind::role: return "role";
  }
  return "";
}

void append_token(std::string& out, const state::Token& token, const state::Snapshot& snapshot,
                  std::int64_t now) {
  std::int64_t revoked_at = token.revoked_at;
  if (revoked_at == 0 &&
      snapshot.is_revoked(state::RevocationKind::person, token.person, token.made_at)) {
    revoked_at = snapshot.find_revocation(state::RevocationKind::person, token.person)->made_at;
  }
  out += '{';
  append_text(out, "id", token.id);
  append_text(out, "kind", to_string(token.kind));
  append_text(out, "title", token.title);
  append_text(out, "person", token.person);
  append_time(out, "made_at", token.made_at);
  append_time(out, "expires_at", token.expires);
  append_texts(out, "apps", token.apps);
  if (token.at_most == state::kNoNarrowing) {
    watch::append_json_name(out, "permission");
    out += "null";
  } else {
    append_text(out, "permission", config::to_string(static_cast<Permission>(token.at_most)));
  }
  append_time(out, "last_used_at", token.last_used);
  append_time(out, "revoked_at", revoked_at);
  append_text(out, "state",
              revoked_at != 0        ? "revoked"
              : now >= token.expires ? "expired"
                                     : "usable");
  out += '}';
}

ApiEvent event_about(std::string_view event, std::string_view person, const state::Token& token) {
  ApiEvent made;
  made.event = event;
  made.person = person;
  made.detail = fmt::format(
      "id={} kind={} person={} apps={} permission={} expires={}", token.id, to_string(token.kind),
      token.person, token.apps.empty() ? "*" : fmt::format("{}", fmt::join(token.apps, ",")),
      config::to_string(static_cast<Permission>(token.at_most)), token.expires);
  if (token.kind == state::TokenKind::service) {
    made.detail += fmt::format(" groups={}", fmt::join(token.groups, ","));
  }
  if (!token.family.empty()) made.detail += fmt::format(" family={}", token.family);
  return made;
}

}  // namespace signet::portal_api
