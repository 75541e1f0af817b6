#include "portal_api/token_request.h"

#include <algorithm>
#include <span>
#include <utility>

#include "config/access.h"
#include "identity/json.h"

namespace signet::portal_api {

using identity::JsonArray;
using identity::JsonObject;
using identity::JsonValue;

namespace {

constexpr identity::JsonLimits kLimits{.depth = 2, .values = 2048};

// Code points from `first` to `last`.
struct Range {
  char32_t first;
  char32_t last;
};
// What a title has none of: controls, what has no width, separators of lines, what turns the
// direction of a text (UAX #9), and the mark of the byte order.
constexpr Range kNotInTitles[]{{0x00, 0x1F},     {0x7F, 0xA0},      {0xAD, 0xAD},
                               {0x061C, 0x061C}, {0x180E, 0x180E},  {0x200B, 0x200F},
                               {0x2028, 0x202E}, {0x2060, 0x206F},  {0xFEFF, 0xFEFF},
                               {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};

// The code point at `at`, which moves behind it. The text is UTF-8: simdjson has made sure.
char32_t next_letter(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t letter = lead & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i)
    letter = letter << 6 | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  return letter;
}

bool only_members(const JsonObject& object, std::span<const std::string_view> known) {
  return std::ranges::all_of(object.members(), [&](const identity::JsonMember& member) {
    return std::ranges::find(known, member.name) != known.end();
  });
}

bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= kLongestGroup && std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// Texts, each once. False: it is something else.
bool read_texts(const JsonValue* value, std::size_t most, std::vector<std::string>& into) {
  if (value == nullptr) return true;
  const auto* list = value->as<JsonArray>();
  if (list == nullptr || list->size() > most) return false;
  for (const JsonValue& each : *list) {
    const auto* text = each.as<std::string>();
    if (text == nullptr || std::ranges::find(into, *text) != into.end()) return false;
    into.push_back(*text);
  }
  return true;
}

bool read_permission(const JsonValue* value, std::uint8_t& at_most) {
  if (value == nullptr || value->as<std::nullptr_t>() != nullptr) return true;
  const auto* text = value->as<std::string>();
  for (auto level = config::Permission::read; level <= config::Permission::manage;
       level = static_cast<config::Permission>(static_cast<int>(level) + 1)) {
    if (text == nullptr || *text != config::to_string(level)) continue;
    at_most = static_cast<std::uint8_t>(level);
    return true;
  }
  return false;
}

bool read_kind(const JsonValue* value, state::TokenKind& kind) {
  if (value == nullptr) return true;
  const auto* text = value->as<std::string>();
  if (text == nullptr || (*text != "personal" && *text != "service")) return false;
  kind = *text == "service" ? state::TokenKind::service : state::TokenKind::personal;
  return true;
}

std::unexpected<std::string_view> wrong(std::string_view why) {
  return std::unexpected(why);
}

}  // namespace

bool is_title(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  std::size_t letters = 0;
  for (std::size_t at = 0; at < text.size(); ++letters) {
    const char32_t letter = next_letter(text, at);
    const bool barred = std::ranges::any_of(kNotInTitles, [letter](const Range& range) {
      return range.first <= letter && letter <= range.last;
    });
    if (barred) return false;
  }
  return letters <= kMostTitleLetters;
}

bool is_service_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::expected<TokenRequest, std::string_view> read_token_request(std::string_view body) {
  const auto object = identity::parse_json_object(body, kLimits);
  if (!object) return wrong("The body is not one plain JSON object, each member once.");
  static constexpr std::string_view kMembers[]{"title",      "lifetime_days", "apps",
                                               "permission", "kind",          "groups"};
  if (!only_members(*object, kMembers)) return wrong("The body has a member that is not known.");
  TokenRequest request;
  const JsonValue* title = object->find("title");
  if (title == nullptr || title->as<std::string>() == nullptr) return wrong("There is no title.");
  request.title = *title->as<std::string>();
  if (!read_kind(object->find("kind"), request.kind)) {
    return wrong("The kind is personal or service.");
  }
  if (!is_title(request.title)) {
    return wrong("The title has 1 to 100 printable letters and no space at its ends.");
  }
  if (const JsonValue* days = object->find("lifetime_days")) {
    const auto* number = days->as<std::int64_t>();
    if (number == nullptr || *number < 1) return wrong("lifetime_days is a whole number above 0.");
    request.lifetime_days = *number;
  }
  if (!read_texts(object->find("apps"), kMostRequestedApps, request.apps)) {
    return wrong("apps is a list of the names of apps, each once.");
  }
  if (!read_permission(object->find("permission"), request.at_most)) {
    return wrong("The permission is READ, USE, EDIT, MANAGE or null.");
  }
  if (!read_texts(object->find("groups"), kMostRequestedGroups, request.groups) ||
      !std::ranges::all_of(request.groups, is_group)) {
    return wrong("groups is a list of the names of groups, each once, at most 100.");
  }
  if (request.kind == state::TokenKind::personal) {
    if (object->find("groups") != nullptr) {
      return wrong("A personal token has its owner's groups: leave groups out.");
    }
    return request;
  }
  if (!is_service_name(request.title)) {
    return wrong("The title of a service has 1 to 63 of a-z, 0-9 and -.");
  }
  if (request.groups.empty()) return wrong("A service has at least one group.");
  return request;
}

std::expected<GrantDecision, std::string_view> read_grant_decision(std::string_view body) {
  const auto object = identity::parse_json_object(body, kLimits);
  if (!object) return wrong("The body is not one plain JSON object, each member once.");
  static constexpr std::string_view kMembers[]{"user_code", "approve"};
  if (!only_members(*object, kMembers)) return wrong("The body has a member that is not known.");
  const JsonValue* code = object->find("user_code");
  const JsonValue* approve = object->find("approve");
  if (code == nullptr || code->as<std::string>() == nullptr) return wrong("There is no user_code.");
  if (approve == nullptr || approve->as<bool>() == nullptr) {
    return wrong("approve is true or false.");
  }
  GrantDecision decision;
  decision.user_code = *code->as<std::string>();
  decision.approve = *approve->as<bool>();
  return decision;
}

}  // namespace signet::portal_api
