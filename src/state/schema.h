#pragma once

#include <string>

#include "state/sqlite.h"

namespace signet::state {

// Marks a file as ours ("Sgnt"), so that another program's database is not taken for it.
inline constexpr std::int64_t kApplicationId = 0x53676e74;
// The newest layout that this program knows.
inline constexpr int kSchemaVersion = 3;

// Opens the state file, creates it (mode 0600) when there is none, and brings an older layout up to
// date. What is refused stays byte for byte as it was: a file of a newer program, of another
// program, a damaged one. Throws std::runtime_error with a sentence for the operator. Blocks.
Connection open_state_file(const std::string& path, runtime::Duration busy);

// Brings the tables from whatever version they have to `version`, in one transaction. Throws
// std::runtime_error with SQLite's words.
void migrate(Connection& connection, int version);

}  // namespace signet::state
