#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "runtime/clock.h"
#include "state/error.h"
#include "state/records.h"
#include "state/snapshot.h"
#include "state/sqlite.h"

namespace signet::state {

// A token that was used, and when (Unix seconds).
struct TokenUse {
  crypto::Digest hash;
  std::int64_t at;
};

// The records in a SQLite file, and the snapshot that follows from them. Blocks: made and destroyed
// at start and end, used in between by one helper thread only. Every change has been committed, and
// is in snapshot(), when its function returns without an error; with an error nothing was changed.
class Database {
 public:
  // Opens the file and reads everything. Throws std::runtime_error with a sentence for the
  // operator.
  Database(const std::string& path, runtime::Duration busy, std::int64_t now);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Never null.
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  // `unavailable` when the file is no longer where it was: what would be written to it now, nobody
  // would find again.
  Outcome<void> check_place() const;
  // Looks whether another process has changed something, and then reads everything anew.
  Outcome<void> catch_up(std::int64_t now);
  // What SQLite said of the last failure.
  std::string last_words() const { return connection_.last_words(); }

  // The meanings are those of state::Store.
  Outcome<void> add_token(const Token& token);
  Outcome<void> replace_token(std::string_view old_id, const std::vector<Token>& tokens,
                              std::int64_t now);
  Outcome<void> revoke_token(std::string_view id, std::int64_t now);
  Outcome<void> revoke_family(std::string_view family, std::int64_t now);
  Outcome<void> note_used(const std::vector<TokenUse>& uses);
  Outcome<void> revoke(const Revocation& revocation);

  Outcome<void> put_refresh_token(const RefreshToken& token);
  Outcome<RefreshToken> refresh_token(std::string_view session);
  Outcome<RefreshToken> take_lease(std::string_view session, std::int64_t generation,
                                   std::string_view owner, std::int64_t now_ms,
                                   std::int64_t until_ms);
  Outcome<void> replace_refresh_token(std::string_view session, std::int64_t generation,
                                      std::string_view owner, const std::vector<std::byte>& sealed);
  Outcome<void> delete_refresh_token(std::string_view session);

  Outcome<void> add_device_grant(const DeviceGrant& grant, std::size_t most);
  Outcome<DeviceGrant> device_grant(std::string_view user_code, std::int64_t now);
  Outcome<void> decide_device_grant(std::string_view user_code, GrantStatus status,
                                    std::string_view person, const std::vector<std::string>& groups,
                                    std::int64_t now);
  Outcome<DeviceGrant> poll_device_grant(const crypto::Digest& device_hash, std::int64_t now);

  // Drops what ended before `now`; tokens that ended before `tokens_before`.
  Outcome<void> purge(std::int64_t now, std::int64_t tokens_before);

 private:
  struct Statements;

  Outcome<std::int64_t> load(Snapshot& into);
  Outcome<void> insert(const Token& token);
  // The change that was committed, made on the next snapshot.
  template <typename Change>
  void publish(Change change);
  // What a change means that found no row to change.
  StoreError missing_refresh_token(std::string_view session);

  const std::string path_;
  Connection connection_;
  ino_t file_number_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
  std::int64_t data_version_ = 0;  // of other connections' changes, as of the snapshot

  struct FreeStatements {
    void operator()(Statements* statements) const;
  };
  std::unique_ptr<Statements, FreeStatements> sql_;  // before connection_ closes
};

}  // namespace signet::state
