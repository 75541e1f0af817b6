#pragma once

#include <expected>
#include <string>

#include "credentials/profiles.h"
#include "credentials/source.h"
#include "credentials/sts.h"
#include "credentials/variables.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"

namespace signet::credentials {

// Where the shared files are: AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config
// and ~/.aws/credentials. A path is empty when there is no HOME.
struct ProfilePaths {
  std::string config;
  std::string credentials;
};
ProfilePaths profile_paths(const Variables& variables);

// Reads both files. A file that is not there is none; one that is there and cannot be read, is no
// regular file or is larger than 1 MiB is Cause::unreadable. Blocks.
std::expected<Profiles, SourceFailure> read_profiles(const ProfilePaths& paths);

// The profile AWS_PROFILE, else "default", of the shared files, with the roles it names. Both files
// are read anew with every load, on a helper thread.
class ProfileSource final : public Source {
 public:
  // `region` is that of roles for which neither AWS_REGION, AWS_DEFAULT_REGION nor the profile has
  // one. The references must outlive it.
  ProfileSource(runtime::EventLoop& loop, runtime::Lane& files, Sts& sts, Variables variables,
                std::string region);
  runtime::Task<std::expected<Keys, SourceFailure>> load(runtime::Time deadline) override;
  std::string name() const override { return "profile files"; }

 private:
  runtime::EventLoop& loop_;
  runtime::Lane& files_;
  Sts& sts_;
  Variables variables_;
  std::string region_;
};

}  // namespace signet::credentials
