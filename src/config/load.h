#pragma once

#include <expected>
#include <ostream>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

namespace signet::config {

// Reads and checks the file, resolves its secrets and fills in defaults. Gives every problem there
// is, in the file's order, never only the first. Folders are not looked at. Blocks on files.
std::expected<Config, Problems> load(const std::string& path, const Environment& environment);

// The same for a text that is already at hand; `path` is what problems call it.
std::expected<Config, Problems> load_text(const std::string& path, std::string_view text,
                                          const Environment& environment);

// What the machine cannot give: the folders of state and spool (which need not exist yet, but must
// be creatable; a spool in memory is refused), a key file that nobody else has read, and open files
// for the limits.
Problems check_machine(const Config& config, const Environment& environment);

// Creates those folders, 0700, where they are missing, then checks as check_machine does. With an
// identity that has no session keys the one of the key file is put into `config`; the file is made
// where it is missing (session_key.h).
Problems prepare_folders(Config& config, const Environment& environment);

// Open files that the limits may take at most.
std::uint64_t open_files_needed(const Config& config);

// `signet check`: "ok" to `out` and 0, or each problem on a line of `err` and 2. Warnings go to
// `err` and do not count.
int check_command(const std::string& path, const Environment& environment, std::ostream& out,
                  std::ostream& err);

}  // namespace signet::config
