#include "state/schema.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace signet::state {

namespace {

// Step i leads from version i to i + 1. A step that was shipped never changes.
constexpr std::array<const char*, kSchemaVersion> kSteps{
    R"(CREATE TABLE tokens(
         id TEXT NOT NULL PRIMARY KEY,
         hash BLOB NOT NULL UNIQUE,
         kind INTEGER NOT NULL,
         title TEXT NOT NULL,
         person TEXT NOT NULL,
         group_names TEXT NOT NULL,
         made_at INTEGER NOT NULL,
         expires INTEGER NOT NULL,
         app_names TEXT NOT NULL,
         at_most INTEGER NOT NULL,
         last_used INTEGER NOT NULL,
         revoked_at INTEGER NOT NULL
       ) STRICT;
       CREATE TABLE revocations(
         kind INTEGER NOT NULL,
         key TEXT NOT NULL,
         made_at INTEGER NOT NULL,
         until INTEGER NOT NULL,
         PRIMARY KEY(kind, key)
       ) STRICT, WITHOUT ROWID;)",
    R"(CREATE TABLE refresh_tokens(
         session TEXT NOT NULL PRIMARY KEY,
         sealed BLOB NOT NULL,
         generation INTEGER NOT NULL,
         expires INTEGER NOT NULL,
         lease_until_ms INTEGER NOT NULL,
         lease_owner TEXT NOT NULL
       ) STRICT;
       CREATE TABLE device_grants(
         device_hash BLOB NOT NULL PRIMARY KEY,
         user_code TEXT NOT NULL UNIQUE,
         made_at INTEGER NOT NULL,
         expires INTEGER NOT NULL,
         status INTEGER NOT NULL,
         person TEXT NOT NULL,
         group_names TEXT NOT NULL,
         last_poll INTEGER NOT NULL
       ) STRICT;)",
    // Besides what it adds: a program that knows no renewal tokens must not take one for a token.
    R"(ALTER TABLE tokens ADD COLUMN family TEXT NOT NULL DEFAULT '';
       ALTER TABLE device_grants ADD COLUMN client_address TEXT NOT NULL DEFAULT '';)",
};

class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw Refusal(fmt::format("the state file {} {}", path, why));
}

template <typename T>
T needed(Outcome<T> outcome, const Connection& connection) {
  if (!outcome) throw std::runtime_error(connection.last_words());
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

// SQLite gives its side files the mode of the main one, so that this is the place to choose it.
void create_file(const std::string& path) {
  // Only ever a new file: to open and close one that this process has open elsewhere would drop
  // SQLite's locks on it (fcntl).
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno != EEXIST) {
    refuse(path, fmt::format("cannot be created: {}: name a file in a folder that is there and "
                             "that this user may write to",
                             std::strerror(errno)));
  }
  if (fd >= 0) ::close(fd);
}

void check_place(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) refuse(path, fmt::format("cannot be reached: {}", std::strerror(errno)));
    create_file(path);
    return;
  }
  if (S_ISDIR(facts.st_mode)) refuse(path, "is a folder: name a file");
  if (!S_ISREG(facts.st_mode)) refuse(path, "is not a regular file: name one");
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    refuse(path, fmt::format("cannot be used: {}: give this user the right to read and write it",
                             std::strerror(errno)));
  }
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(path, fmt::format("lies in a folder that cannot be written to ({}): SQLite needs two "
                             "more files beside it",
                             std::strerror(errno)));
  }
}

// Only reads. Whatever SQLite cannot make sense of counts as damaged.
void check_content(const std::string& path, Connection& connection) {
  const auto read = [&](auto outcome) {
    if (outcome) return std::move(*outcome);
    if (outcome.error() != StoreError::corrupt) {
      refuse(path, fmt::format("cannot be read: {}", connection.last_words()));
    }
    refuse(path, fmt::format(
                     "is damaged, or no SQLite file at all ({}). It was left as it is. Stop every "
                     "gateway that uses it, keep a copy of it and of its -wal and -shm files, and "
                     "put back a backup; or move them away to begin anew, which ends all tokens "
                     "and forgets what was revoked",
                     connection.last_words()));
  };
  const std::int64_t id = read(connection.number("PRAGMA application_id"));
  const std::int64_t version = read(connection.number("PRAGMA user_version"));
  const std::int64_t things = read(connection.number("SELECT count(*) FROM sqlite_schema"));
  const bool is_new = id == 0 && version == 0 && things == 0;
  if (!is_new && id != kApplicationId) {
    refuse(path, fmt::format("is a database of another program (application id {:#x} instead of "
                             "{:#x}): name another file",
                             id, kApplicationId));
  }
  if (version > kSchemaVersion) {
    refuse(path, fmt::format("has version {}, and this program knows versions up to {}: run the "
                             "newer program, or name another file",
                             version, kSchemaVersion));
  }
  const std::string found = read(connection.text("PRAGMA quick_check(1)"));
  if (found != "ok") {
    refuse(path,
           fmt::format("is damaged ({}). It was left as it is. Stop every gateway that uses it, "
                       "keep a copy of it and of its -wal and -shm files, and put back a backup; "
                       "`sqlite3 FILE .recover` saves what can be saved",
                       found));
  }
}

void use_write_ahead_log(const std::string& path, Connection& connection) {
  // Two gateways that start at once on a new file get SQLITE_BUSY here without SQLite's waiting.
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    auto mode = connection.text("PRAGMA journal_mode=WAL");
    if (mode && *mode == "wal") return;
    if (mode) refuse(path, "lies where SQLite cannot keep a write-ahead log: name a local disk");
    if (mode.error() != StoreError::unavailable) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  refuse(path, fmt::format("cannot be prepared: {}", connection.last_words()));
}

void make_private(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077) == 0) return;
  if (::chmod(path.c_str(), 0600) != 0) {
    refuse(path, fmt::format("can be read by others, and that cannot be changed: {}",
                             std::strerror(errno)));
  }
}

}  // namespace

void migrate(Connection& connection, int version) {
  Transaction transaction(connection, Transaction::Kind::writing);
  needed(transaction.begun(), connection);
  // Inside the transaction: another gateway may have done it meanwhile.
  const std::int64_t from = needed(connection.number("PRAGMA user_version"), connection);
  for (std::int64_t i = from; i < version; ++i)
    needed(connection.execute(kSteps.at(static_cast<std::size_t>(i))), connection);
  if (from < version) {
    const std::string marks =
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, version);
    needed(connection.execute(marks.c_str()), connection);
  }
  needed(transaction.commit(), connection);
}

Connection open_state_file(const std::string& path, runtime::Duration busy) {
  check_place(path);
  try {
    Connection connection(path, busy);
    connection.leave_untouched(true);
    check_content(path, connection);
    connection.leave_untouched(false);
    make_private(path);
    use_write_ahead_log(path, connection);
    // FULL: with NORMAL a power cut could take back the last commits, and a revocation that was
    // confirmed must hold. It costs an fsync per change, and changes are rare.
    needed(connection.execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"), connection);
    migrate(connection, kSchemaVersion);
    return connection;
  } catch (const Refusal&) {
    throw;
  } catch (const std::runtime_error& error) {
    refuse(path, fmt::format("cannot be opened: {}", error.what()));
  }
}

}  // namespace signet::state
