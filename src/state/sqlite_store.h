#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/lane.h"
#include "runtime/task_set.h"
#include "state/store.h"

namespace signet::state {

class Database;

struct SqliteSettings {
  // How often to look for what other processes changed.
  runtime::Duration poll = std::chrono::seconds(1);
  // A look that takes longer counts as a failure, though it goes on.
  runtime::Duration patience = std::chrono::seconds(3);
  // How long to wait for another process's change to end.
  runtime::Duration busy = std::chrono::seconds(2);
  runtime::Duration between_uses = std::chrono::minutes(1);  // writes of last_used
  runtime::Duration between_purges = std::chrono::minutes(10);
  // How long tokens are listed after their end.
  std::chrono::seconds keep_ended_tokens = std::chrono::hours(24 * 30);
  std::size_t device_grants = 1000;  // pending at once: anybody may begin one
};

// The store in a SQLite file, which several processes of one machine may share. The file is touched
// by one helper thread only. Lives on the home loop: made (blocking, before the loop runs) and
// destroyed on its thread.
class SqliteStore final : public Store {
 public:
  // Opens or creates the file and reads it. Throws std::runtime_error with a sentence for the
  // operator.
  SqliteStore(runtime::EventLoop& home, const std::string& path,
              const SqliteSettings& settings = {});
  // Waits for the change at hand; those behind it are not made.
  ~SqliteStore() override;

  Answer<void> add_token(Token token) override;
  Answer<void> replace_token(std::string old_id, std::vector<Token> tokens) override;
  Answer<void> revoke_token(std::string id) override;
  Answer<void> revoke_family(std::string family) override;
  Answer<void> revoke(Revocation revocation) override;
  Answer<void> put_refresh_token(RefreshToken token) override;
  Answer<RefreshToken> refresh_token(std::string session) override;
  Answer<RefreshToken> take_lease(std::string session, std::int64_t generation, std::string owner,
                                  runtime::Duration lease) override;
  Answer<void> replace_refresh_token(std::string session, std::int64_t generation,
                                     std::string owner, std::vector<std::byte> sealed) override;
  Answer<void> delete_refresh_token(std::string session) override;
  Answer<void> add_device_grant(DeviceGrant grant) override;
  Answer<DeviceGrant> device_grant(std::string user_code) override;
  Answer<void> decide_device_grant(std::string user_code, GrantStatus status, std::string person,
                                   std::vector<std::string> groups) override;
  Answer<DeviceGrant> poll_device_grant(crypto::Digest device_hash) override;
  Answer<void> purge() override;

 private:
  template <typename T>
  class Work;
  template <typename T>
  using Function = std::move_only_function<Outcome<T>(Database&)>;

  SqliteStore(runtime::EventLoop& home, std::unique_ptr<Database> database,
              const SqliteSettings& settings);
  template <typename T>
  Answer<T> run(Function<T> function);
  template <typename T>
  Answer<T> use(Function<T> function);
  runtime::Task<void> keep_up();
  runtime::Task<void> look();
  runtime::Task<Outcome<std::string>> read();
  runtime::Task<void> write_uses();
  runtime::Task<void> purge_quietly();
  std::int64_t unix_now();

  const SqliteSettings settings_;
  // What the helper thread works on; it ends before.
  std::unique_ptr<Database> database_;
  runtime::Lane lane_{"state", 1, 256};
  runtime::TaskSet tasks_;
};

}  // namespace signet::state
