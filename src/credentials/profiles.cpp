#include "credentials/profiles.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "credentials/ini.h"
#include "crypto/secret.h"

namespace signet::credentials {

namespace {

constexpr std::array<std::string_view, 3> kKeySettings{"aws_access_key_id", "aws_secret_access_key",
                                                       "aws_session_token"};

bool is_key_setting(std::string_view name) {
  return std::ranges::find(kKeySettings, name) != kKeySettings.end();
}

// The profile that a section is about, or nothing: the files hold other things too.
std::optional<std::string_view> profile_of(std::string_view section, bool is_credentials) {
  bool prefixed = section.starts_with("profile ") || section.starts_with("profile\t");
  if (is_credentials) return prefixed ? std::nullopt : std::optional(section);
  if (section == "default") return section;
  if (!prefixed) return std::nullopt;
  section.remove_prefix(8);
  section.remove_prefix(std::min(section.find_first_not_of(" \t"), section.size()));
  if (section.size() >= 2 && section.starts_with('"') && section.ends_with('"')) {
    section = section.substr(1, section.size() - 2);
  }
  return section.empty() ? std::nullopt : std::optional(section);
}

SourceFailure misconfigured(std::string reason) {
  return {Cause::misconfigured, std::move(reason)};
}

}  // namespace

std::string_view Profile::setting(std::string_view name) const {
  auto found = settings.find(name);
  return found == settings.end() ? std::string_view() : std::string_view(found->second);
}

Profiles::~Profiles() {
  for (auto& [name, profile] : profiles_) {
    for (auto& [setting, value] : profile.settings)
      crypto::wipe(value);
  }
}

std::expected<Profiles, SourceFailure> Profiles::read(const ProfileFile& config,
                                                      const ProfileFile& credentials) {
  Profiles profiles;
  for (const ProfileFile* file : {&config, &credentials}) {
    if (auto added = profiles.add(*file); !added) return std::unexpected(added.error());
  }
  return profiles;
}

std::expected<void, SourceFailure> Profiles::add(const ProfileFile& file) {
  if (!files_.empty()) files_ += " and ";
  files_ += file.path;
  if (!file.exists) {
    files_ += " (not there)";
    return {};
  }
  auto sections = parse_ini(file.text);
  if (!sections) {
    const IniError& error = sections.error();
    return std::unexpected(misconfigured(
        error.line == 0 ? fmt::format("{}: {}", file.path, error.what)
                        : fmt::format("{}:{}: {}", file.path, error.line, error.what)));
  }
  // [profile default] counts more than [default].
  bool has_long_default = false;
  for (const Section& section : *sections) {
    auto name = profile_of(section.name, file.is_credentials);
    has_long_default |= name == "default" && section.name != "default";
  }
  for (Section& section : *sections) {
    auto name = profile_of(section.name, file.is_credentials);
    if (!name || (has_long_default && section.name == "default")) continue;
    Profile& profile = profiles_[std::string(*name)];
    bool has_keys = std::ranges::any_of(section.properties,
                                        [](const Property& p) { return is_key_setting(p.name); });
    if (has_keys) {
      for (std::string_view setting : kKeySettings)
        if (auto old = profile.settings.find(setting); old != profile.settings.end()) {
          crypto::wipe(old->second);
        }
      profile.keys_from = file.path;
    }
    for (Property& property : section.properties)
      profile.settings[property.name] = std::move(property.value);
  }
  return {};
}

const Profile* Profiles::find(std::string_view name) const {
  auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

namespace {

// Follows one profile after another to the keys at the end of the chain.
class Planner {
 public:
  explicit Planner(const Profiles& profiles) : profiles_(profiles) {}

  std::expected<ProfilePlan, SourceFailure> plan(std::string_view name, bool asked_by_name) {
    const Profile* first = profiles_.find(name);
    if (first == nullptr && !asked_by_name) {
      return std::unexpected(
          SourceFailure(Cause::nothing_here,
                        fmt::format("there is no profile \"{}\" in {}", name, profiles_.files())));
    }
    std::string current(name);
    const Profile* profile = first;
    // The first profile's role counts more than its keys; a source's keys more than its role.
    for (bool is_source = false;; is_source = true) {
      if (profile == nullptr) {
        return std::unexpected(misconfigured(
            fmt::format("there is no profile \"{}\" in {}{}", current, profiles_.files(),
                        is_source ? ", which another names as its source_profile"
                                  : ", which AWS_PROFILE asks for")));
      }
      bool has_key = profile->has("aws_access_key_id") || profile->has("aws_secret_access_key");
      if (profile->has("role_arn") && !(is_source && has_key)) {
        if (!visited_.insert(current).second) {
          return std::unexpected(misconfigured(
              fmt::format("the source_profile of profile \"{}\" leads back to itself", current)));
        }
        auto next = take_role(current, *profile);
        if (!next) return std::unexpected(next.error());
        if (plan_.keys_of_environment) {
          plan_.origin = fmt::format("profile \"{}\" with the environment's keys", name);
          break;
        }
        current = *next;
        profile = profiles_.find(current);
        continue;
      }
      if (auto taken = take_keys(current, *profile, asked_by_name || is_source); !taken) {
        return std::unexpected(taken.error());
      }
      plan_.origin = current == name
                         ? fmt::format("profile \"{}\" of {}", name, profile->keys_from)
                         : fmt::format("profile \"{}\" with the keys of profile \"{}\" of {}", name,
                                       current, profile->keys_from);
      break;
    }
    // Found from the outside in, assumed from the inside out.
    std::ranges::reverse(plan_.roles);
    return std::move(plan_);
  }

 private:
  static SourceFailure unsupported(std::string_view name, std::string_view what) {
    return {Cause::unsupported,
            fmt::format("profile \"{}\" has {}, which this version does not support", name, what)};
  }

  // Takes the role and gives the source profile's name; with credential_source = Environment it
  // sets keys_of_environment instead.
  std::expected<std::string, SourceFailure> take_role(const std::string& name,
                                                      const Profile& profile) {
    for (std::string_view setting : {"mfa_serial", "web_identity_token_file"}) {
      if (profile.has(setting)) return std::unexpected(unsupported(name, setting));
    }
    Role role;
    role.arn = profile.setting("role_arn");
    role.session_name = profile.setting("role_session_name");
    role.external_id = profile.setting("external_id");
    role.region = profile.setting("region");
    if (std::string_view text = profile.setting("duration_seconds"); !text.empty()) {
      auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), role.duration_seconds);
      if (error != std::errc() || end != text.data() + text.size()) {
        return std::unexpected(
            misconfigured(fmt::format("duration_seconds of profile \"{}\" is not a number", name)));
      }
    }
    plan_.roles.push_back(std::move(role));

    std::string_view source = profile.setting("source_profile");
    std::string_view kind = profile.setting("credential_source");
    if (source.empty() == kind.empty()) {
      return std::unexpected(misconfigured(
          fmt::format("profile \"{}\" has a role_arn, so it needs {}one of source_profile and "
                      "credential_source",
                      name, source.empty() ? "" : "only ")));
    }
    if (!source.empty()) return std::string(source);
    if (kind == "Ec2InstanceMetadata" || kind == "EcsContainer") {
      return std::unexpected(unsupported(name, fmt::format("credential_source = {}", kind)));
    }
    if (kind != "Environment") {
      return std::unexpected(misconfigured(fmt::format(
          "credential_source of profile \"{}\" is none of Environment, Ec2InstanceMetadata and "
          "EcsContainer",
          name)));
    }
    plan_.keys_of_environment = true;
    return std::string();
  }

  std::expected<void, SourceFailure> take_keys(std::string_view name, const Profile& profile,
                                               bool needed) {
    bool has_id = profile.has("aws_access_key_id");
    bool has_secret = profile.has("aws_secret_access_key");
    if (has_id != has_secret) {
      return std::unexpected(misconfigured(
          fmt::format("profile \"{}\" of {} has {} but no {}", name, profile.keys_from,
                      kKeySettings[has_id ? 0 : 1], kKeySettings[has_id ? 1 : 0])));
    }
    if (has_id) {
      plan_.keys.key.id = profile.setting("aws_access_key_id");
      plan_.keys.key.secret = profile.setting("aws_secret_access_key");
      plan_.keys.key.token = profile.setting("aws_session_token");
      return {};
    }
    for (std::string_view setting : {"web_identity_token_file", "credential_process"}) {
      if (profile.has(setting)) return std::unexpected(unsupported(name, setting));
    }
    for (const auto& [setting, value] : profile.settings) {
      if (setting.starts_with("sso_")) return std::unexpected(unsupported(name, "SSO settings"));
    }
    return std::unexpected(
        SourceFailure(needed ? Cause::misconfigured : Cause::nothing_here,
                      fmt::format("profile \"{}\" in {} has no keys", name, profiles_.files())));
  }

  const Profiles& profiles_;
  std::set<std::string> visited_;
  ProfilePlan plan_;
};

}  // namespace

std::expected<ProfilePlan, SourceFailure> plan_for(const Profiles& profiles, std::string_view name,
                                                   bool asked_by_name) {
  return Planner(profiles).plan(name, asked_by_name);
}

}  // namespace signet::credentials
