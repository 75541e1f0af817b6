#include "credentials/profile_source.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials/environment_source.h"
#include "credentials/ini.h"
#include "crypto/secret.h"

namespace signet::credentials {

namespace {

constexpr std::string_view kDefaultSession = "signet";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

SourceFailure unreadable(const std::string& path, std::string_view why) {
  return {Cause::unreadable, fmt::format("{} cannot be read: {}", path, why)};
}

std::expected<void, SourceFailure> read_file(ProfileFile& file) {
  if (file.path.empty()) return {};
  // Non-blocking: a named pipe must not hold the helper thread for ever.
  Descriptor fd(open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return std::unexpected(unreadable(file.path, std::strerror(errno)));
  }
  struct stat facts{};
  if (fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return std::unexpected(unreadable(file.path, "it is not a regular file"));
  }
  file.exists = true;
  std::array<char, 16384> piece;
  while (true) {
    ssize_t got = read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(unreadable(file.path, std::strerror(errno)));
    if (got == 0) break;
    file.text.append(piece.data(), static_cast<std::size_t>(got));
    if (file.text.size() > kMaxIniBytes) {
      return std::unexpected(unreadable(file.path, "it is larger than 1 MiB"));
    }
  }
  crypto::wipe(std::as_writable_bytes(std::span(piece)));
  return {};
}

class ReadProfiles final : public runtime::Job {
 public:
  explicit ReadProfiles(ProfilePaths paths) : paths_(std::move(paths)) {}
  void run() noexcept override { profiles.emplace(read_profiles(paths_)); }

  std::optional<std::expected<Profiles, SourceFailure>> profiles;

 private:
  ProfilePaths paths_;
};

}  // namespace

ProfilePaths profile_paths(const Variables& variables) {
  std::string home = value_of(variables, "HOME");
  ProfilePaths paths;
  paths.config = value_of(variables, "AWS_CONFIG_FILE");
  paths.credentials = value_of(variables, "AWS_SHARED_CREDENTIALS_FILE");
  for (auto [path, name] :
       {std::pair(&paths.config, "config"), std::pair(&paths.credentials, "credentials")}) {
    if (path->empty()) {
      if (!home.empty()) *path = fmt::format("{}/.aws/{}", home, name);
    } else if (path->starts_with("~/") && !home.empty()) {
      *path = home + path->substr(1);
    }
  }
  return paths;
}

std::expected<Profiles, SourceFailure> read_profiles(const ProfilePaths& paths) {
  ProfileFile config;
  config.path = paths.config;
  ProfileFile credentials;
  credentials.path = paths.credentials;
  credentials.is_credentials = true;
  auto result = [&]() -> std::expected<Profiles, SourceFailure> {
    if (auto read = read_file(config); !read) return std::unexpected(read.error());
    if (auto read = read_file(credentials); !read) return std::unexpected(read.error());
    return Profiles::read(config, credentials);
  }();
  crypto::wipe(config.text);
  crypto::wipe(credentials.text);
  return result;
}

ProfileSource::ProfileSource(runtime::EventLoop& loop, runtime::Lane& files, Sts& sts,
                             Variables variables, std::string region)
    : loop_(loop),
      files_(files),
      sts_(sts),
      variables_(std::move(variables)),
      region_(std::move(region)) {}

runtime::Task<std::expected<Keys, SourceFailure>> ProfileSource::load(runtime::Time deadline) {
  ProfilePaths paths = profile_paths(variables_);
  if (paths.config.empty() && paths.credentials.empty()) {
    co_return std::unexpected(
        SourceFailure(Cause::nothing_here, "there are no profile files, because HOME is not set"));
  }
  auto reading = std::make_unique<ReadProfiles>(std::move(paths));
  auto read = co_await files_.run(loop_, std::move(reading));
  if (!read) {
    co_return std::unexpected(
        SourceFailure(Cause::busy, "no helper thread was free to read the profile files"));
  }
  CO_TRY(Profiles profiles, std::move(*(*read)->profiles));

  std::string name = value_of(variables_, "AWS_PROFILE");
  bool asked_by_name = !name.empty();
  if (!asked_by_name) name = "default";
  CO_TRY(ProfilePlan plan, plan_for(profiles, name, asked_by_name));

  Keys keys = std::move(plan.keys);
  if (plan.keys_of_environment) {
    auto found = keys_of_environment(variables_);
    if (!found) {
      co_return std::unexpected(
          SourceFailure(Cause::misconfigured,
                        fmt::format("profile \"{}\" wants the keys of the environment, but {}",
                                    name, found.error().reason)));
    }
    keys = std::move(*found);
  }
  keys.origin = plan.origin;
  std::string region = value_of(variables_, "AWS_REGION");
  if (region.empty()) region = value_of(variables_, "AWS_DEFAULT_REGION");
  for (Role& role : plan.roles) {
    if (!region.empty()) role.region = region;
    if (role.region.empty()) role.region = region_;
    if (role.session_name.empty()) role.session_name = kDefaultSession;
    auto assuming = sts_.assume(keys.key, role, deadline);
    auto assumed = co_await std::move(assuming);
    if (!assumed) {
      SourceFailure failure = std::move(assumed.error());
      failure.reason += fmt::format(" (for {})", plan.origin);
      co_return std::unexpected(std::move(failure));
    }
    keys = std::move(*assumed);
    keys.origin = fmt::format("role {} with {}", role.arn, plan.origin);
  }
  co_return keys;
}

}  // namespace signet::credentials
