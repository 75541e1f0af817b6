#include "credentials/role.h"

#include <algorithm>

#include <fmt/core.h>

namespace signet::credentials {

namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// [\w+=,.@-]
bool is_session_character(char c) {
  return is_alphanumeric(c) || std::string_view("_+=,.@-").contains(c);
}

// [\w+=,.@:/-]
bool is_external_id_character(char c) {
  return is_session_character(c) || c == ':' || c == '/';
}

bool is_session_name(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 && std::ranges::all_of(text, is_session_character);
}

void append_encoded(std::string& to, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (char c : text) {
    if (is_alphanumeric(c) || std::string_view("-._~").contains(c)) {
      to += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      to += '%';
      to += kDigits[byte >> 4];
      to += kDigits[byte & 15];
    }
  }
}

}  // namespace

std::string session_name_for(std::string_view app) {
  std::string name = "signet-";
  for (char c : app.substr(0, 64 - name.size()))
    name += is_session_character(c) ? c : '-';
  return name;
}

std::expected<void, std::string> check(const Role& role) {
  if (role.arn.size() < 20 || role.arn.size() > 2048 ||
      !std::ranges::all_of(role.arn, [](char c) { return c > 0x20 && c < 0x7F; }) ||
      !role.arn.starts_with("arn:") || !role.arn.contains(":role/")) {
    return std::unexpected("a role to assume is not the ARN of a role (arn:aws:iam::…:role/…)");
  }
  if (!is_session_name(role.session_name)) {
    return std::unexpected(
        fmt::format("the session name for {} is not 2 to 64 letters, digits or _+=,.@-", role.arn));
  }
  if (!role.external_id.empty() &&
      (role.external_id.size() < 2 || role.external_id.size() > 1224 ||
       !std::ranges::all_of(role.external_id, is_external_id_character))) {
    return std::unexpected(fmt::format(
        "the external id for {} is not 2 to 1224 letters, digits or _+=,.@:/-", role.arn));
  }
  if (!role.source_identity.empty() &&
      (!is_session_name(role.source_identity) || role.source_identity.starts_with("aws:"))) {
    return std::unexpected(fmt::format(
        "the source identity for {} is not 2 to 64 letters, digits or _+=,.@-", role.arn));
  }
  if (role.policy.size() > 2048) {
    return std::unexpected(fmt::format("the session policy for {} is longer than 2048", role.arn));
  }
  if (role.duration_seconds < 900 || role.duration_seconds > 43200) {
    return std::unexpected(
        fmt::format("the duration for {} is not 900 to 43200 seconds", role.arn));
  }
  return {};
}

std::string assume_role_form(const Role& role) {
  std::string form = "Action=AssumeRole&Version=2011-06-15";
  auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    form += '&';
    form += name;
    form += '=';
    append_encoded(form, value);
  };
  add("RoleArn", role.arn);
  add("RoleSessionName", role.session_name);
  add("DurationSeconds", fmt::format("{}", role.duration_seconds));
  add("ExternalId", role.external_id);
  add("SourceIdentity", role.source_identity);
  add("Policy", role.policy);
  return form;
}

}  // namespace signet::credentials
