#include <filesystem>

#include <fmt/format.h>

#include "config/load.h"
#include "config/session_key.h"

namespace signet::config {

namespace {

std::string folder_of(const std::string& file) {
  std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return folder.empty() ? "." : folder.string();
}

struct NeededFolder {
  std::string_view key;
  std::string path;
  Place place;
  bool may_be_in_memory;
};

// Of logs only those whose file is not there yet: one that somebody prepared needs no folder that
// this user may write to.
std::vector<NeededFolder> needed_folders(const Config& config, const Environment& environment) {
  std::vector<NeededFolder> needed{
      {"state.sqlite", folder_of(config.state.sqlite), config.state.place, true},
      {"spool.directory", config.spool.directory, config.spool.place, false}};
  auto add_log = [&](std::string_view key, const LogTarget& target) {
    if (target.to != LogTarget::To::file || environment.folder(target.path).exists) return;
    needed.push_back({key, folder_of(target.path), target.place, true});
  };
  add_log("log.access", config.log.access);
  add_log("log.audit", config.log.audit);
  return needed;
}

std::string wrong_with(const FolderFacts& facts, const NeededFolder& needed) {
  if (facts.exists && !facts.is_folder) return "is not a folder: name a folder";
  if (facts.exists && !facts.writable) return "cannot be written to: give this user the right to";
  if (!facts.exists && !facts.parent_writable) {
    return "is not there and cannot be created: create it for this user";
  }
  if (facts.in_memory && !needed.may_be_in_memory) {
    return "lies in memory (tmpfs), where large bodies would take what the limits keep free: name "
           "a "
           "folder on a disk";
  }
  return {};
}

}  // namespace

std::uint64_t open_files_needed(const Config& config) {
  const Limits& limits = config.limits;
  // A signed exchange may have its body in a spool file. The rest: listeners, logs, loops, names.
  constexpr std::uint64_t kOthers = 256;
  return limits.connections + std::uint64_t{limits.origin_connections} * config.apps.size() +
         limits.exchanges + kOthers;
}

Problems check_machine(const Config& config, const Environment& environment) {
  Problems problems;
  for (const NeededFolder& needed : needed_folders(config, environment)) {
    std::string wrong = wrong_with(environment.folder(needed.path), needed);
    if (!wrong.empty()) {
      problems.push_back({config.file, needed.place,
                          fmt::format("{}: the folder {} {}", needed.key, needed.path, wrong)});
    }
  }
  for (Problem& problem : check_session_key(config, environment))
    problems.push_back(std::move(problem));
  std::uint64_t files = open_files_needed(config);
  std::uint64_t most = environment.max_open_files();
  if (files > most) {
    problems.push_back({config.file,
                        {},
                        fmt::format("limits: connections, origin_connections and exchanges take up "
                                    "to {} open files, and this user may have {}: lower them, or "
                                    "raise the limit (ulimit -Hn, LimitNOFILE)",
                                    files, most)});
  }
  return problems;
}

Problems prepare_folders(Config& config, const Environment& environment) {
  Problems problems;
  for (const NeededFolder& needed : needed_folders(config, environment)) {
    if (environment.folder(needed.path).exists) continue;
    auto created = environment.create_folder(needed.path);
    if (!created) {
      problems.push_back({config.file, needed.place,
                          fmt::format("{}: cannot create the folder {}: {}", needed.key,
                                      needed.path, created.error())});
    }
  }
  if (problems.empty()) problems = check_machine(config, environment);
  return problems.empty() ? take_session_key(config, environment) : problems;
}

int check_command(const std::string& path, const Environment& environment, std::ostream& out,
                  std::ostream& err) {
  auto config = load(path, environment);
  Problems problems = config ? check_machine(*config, environment) : std::move(config.error());
  if (config) {
    for (const Problem& warning : config->warnings)
      err << "warning: " << warning.text() << '\n';
  }
  for (const Problem& problem : problems)
    err << problem.text() << '\n';
  if (!problems.empty()) return 2;
  out << "ok\n";
  return 0;
}

}  // namespace signet::config
