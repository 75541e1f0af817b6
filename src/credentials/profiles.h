#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/failure.h"
#include "credentials/keys.h"
#include "credentials/role.h"

namespace signet::credentials {

// One of the two shared files, as it was found.
struct ProfileFile {
  std::string path;
  bool is_credentials = false;  // else the config file, whose sections are called [profile x]
  bool exists = false;
  std::string text;
};

// A profile of both files together.
struct Profile {
  std::map<std::string, std::string, std::less<>> settings;
  std::string keys_from;  // the file that its access key is in

  // Empty when it is not there or empty.
  std::string_view setting(std::string_view name) const;
  bool has(std::string_view name) const { return !setting(name).empty(); }
};

// What the shared files say:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
class Profiles {
 public:
  Profiles() = default;
  Profiles(Profiles&&) = default;
  Profiles& operator=(Profiles&&) = default;
  ~Profiles();

  // Where both files have a profile, the credentials file's settings count, and an access key is
  // never put together from both. The error names file and line.
  static std::expected<Profiles, SourceFailure> read(const ProfileFile& config,
                                                     const ProfileFile& credentials);

  const Profile* find(std::string_view name) const;
  // For messages, e.g. "/home/u/.aws/config and /home/u/.aws/credentials (not there)".
  const std::string& files() const { return files_; }

 private:
  std::expected<void, SourceFailure> add(const ProfileFile& file);

  std::map<std::string, Profile, std::less<>> profiles_;
  std::string files_;
};

// How to get a profile's keys: these keys, then these roles, each assumed with the keys before it.
struct ProfilePlan {
  ProfilePlan() = default;

  bool keys_of_environment = false;  // else `keys`
  Keys keys;
  std::vector<Role> roles;  // session name and region are empty where the profile has none
  std::string origin;       // for operators: 'profile "research" of /home/u/.aws/credentials'
};

// Follows role_arn with source_profile or credential_source, and says what is missing or not
// supported (MFA, SSO, credential_process, web identity, metadata). Cause::nothing_here when the
// profile has no keys and was not asked for by name, or is not there.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
std::expected<ProfilePlan, SourceFailure> plan_for(const Profiles& profiles, std::string_view name,
                                                   bool asked_by_name);

}  // namespace signet::credentials
