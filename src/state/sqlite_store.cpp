#include "state/sqlite_store.h"

#include <optional>
#include <utility>

#include "runtime/race.h"
#include "state/database.h"

namespace signet::state {

// One call for the helper thread, with the snapshot that it left.
template <typename T>
class SqliteStore::Work final : public runtime::Job {
 public:
  Work(Database& database, Function<T> function)
      : database_(database), function_(std::move(function)) {}
  void run() noexcept override {
    result = function_(database_);
    snapshot = database_.snapshot();
  }

  Outcome<T> result = std::unexpected(StoreError::unavailable);
  std::shared_ptr<const Snapshot> snapshot;

 private:
  Database& database_;  // outlives the lane
  Function<T> function_;
};

SqliteStore::SqliteStore(runtime::EventLoop& home, const std::string& path,
                         const SqliteSettings& settings)
    : SqliteStore(home,
                  std::make_unique<Database>(path, settings.busy, home.clock().unix_seconds()),
                  settings) {}

SqliteStore::SqliteStore(runtime::EventLoop& home, std::unique_ptr<Database> database,
                         const SqliteSettings& settings)
    : Store(home, database->snapshot()),
      settings_(settings),
      database_(std::move(database)),
      tasks_(home) {
  tasks_.start(keep_up());
}

SqliteStore::~SqliteStore() = default;

std::int64_t SqliteStore::unix_now() {
  return home().clock().unix_seconds();
}

template <typename T>
Store::Answer<T> SqliteStore::run(Function<T> function) {
  auto job = std::make_unique<Work<T>>(*database_, std::move(function));
  auto running = lane_.run(home(), std::move(job));
  auto done = co_await std::move(running);
  if (!done) co_return std::unexpected(StoreError::unavailable);
  publish(std::move((*done)->snapshot));
  co_return std::move((*done)->result);
}

// Refuses when the file is no longer where it was.
template <typename T>
Store::Answer<T> SqliteStore::use(Function<T> function) {
  Function<T> careful = [function = std::move(function)](Database& database) mutable -> Outcome<T> {
    auto place = database.check_place();
    if (!place) return std::unexpected(place.error());
    return function(database);
  };
  return run<T>(std::move(careful));
}

runtime::Task<void> SqliteStore::keep_up() {
  runtime::Time next_uses = runtime::after(home().now(), settings_.between_uses);
  runtime::Time next_purge = home().now();
  while (true) {
    co_await home().sleep_until(runtime::after(home().now(), settings_.poll));
    auto looking = look();
    co_await std::move(looking);
    // Beside this task: a disk that hangs in one of them must not keep the next look from it.
    if (home().now() >= next_uses) {
      next_uses = runtime::after(home().now(), settings_.between_uses);
      tasks_.start(write_uses());
    }
    if (home().now() >= next_purge) {
      next_purge = runtime::after(home().now(), settings_.between_purges);
      tasks_.start(purge_quietly());
    }
  }
}

// What fails is tried again by the next.
runtime::Task<void> SqliteStore::purge_quietly() {
  auto purging = purge();
  (void)co_await std::move(purging);
}

// A disk that hangs must show too: the next look waits for this one, but its lateness is noted.
runtime::Task<void> SqliteStore::look() {
  const runtime::Time begun = home().now();
  runtime::Beside<Outcome<std::string>> reading(home(), read());
  auto waiting = reading.wait(runtime::after(begun, settings_.patience));
  if (co_await std::move(waiting) == runtime::Wake::timed_out) {
    note_unreadable("the disk does not answer");
    auto further = reading.wait();
    co_await std::move(further);
  }
  const Outcome<std::string>& read = reading.result();
  if (read && read->empty()) {
    note_readable(begun);
  } else {
    note_unreadable(read ? *read : "too many changes are waiting");
  }
}

// "" or why it cannot be read.
runtime::Task<Outcome<std::string>> SqliteStore::read() {
  auto reading = run<std::string>([now = unix_now()](Database& database) -> Outcome<std::string> {
    if (!database.check_place()) return "the file is no longer where it was";
    auto done = database.catch_up(now);
    if (done) return std::string();
    return done.error() == StoreError::corrupt ? "what it holds makes no sense"
                                               : database.last_words();
  });
  co_return co_await std::move(reading);
}

runtime::Task<void> SqliteStore::write_uses() {
  std::vector<TokenUse> uses;
  for (const auto& [hash, at] : take_uses())
    uses.push_back({hash, at});
  if (uses.empty()) co_return;
  auto writing =
      use<void>([uses = std::move(uses)](Database& database) { return database.note_used(uses); });
  (void)co_await std::move(writing);
}

Store::Answer<void> SqliteStore::add_token(Token token) {
  return use<void>(
      [token = std::move(token)](Database& database) { return database.add_token(token); });
}

Store::Answer<void> SqliteStore::replace_token(std::string old_id, std::vector<Token> tokens) {
  return use<void>([old_id = std::move(old_id), tokens = std::move(tokens), now = unix_now()](
                       Database& database) { return database.replace_token(old_id, tokens, now); });
}

Store::Answer<void> SqliteStore::revoke_token(std::string id) {
  return use<void>([id = std::move(id), now = unix_now()](Database& database) {
    return database.revoke_token(id, now);
  });
}

Store::Answer<void> SqliteStore::revoke_family(std::string family) {
  return use<void>([family = std::move(family), now = unix_now()](Database& database) {
    return database.revoke_family(family, now);
  });
}

Store::Answer<void> SqliteStore::revoke(Revocation revocation) {
  return use<void>([revocation = std::move(revocation)](Database& database) {
    return database.revoke(revocation);
  });
}

Store::Answer<void> SqliteStore::put_refresh_token(RefreshToken token) {
  return use<void>(
      [token = std::move(token)](Database& database) { return database.put_refresh_token(token); });
}

Store::Answer<RefreshToken> SqliteStore::refresh_token(std::string session) {
  return use<RefreshToken>([session = std::move(session)](Database& database) {
    return database.refresh_token(session);
  });
}

Store::Answer<RefreshToken> SqliteStore::take_lease(std::string session, std::int64_t generation,
                                                    std::string owner, runtime::Duration lease) {
  const std::int64_t now_ms = home().clock().unix_micros() / 1000;
  const std::int64_t until_ms =
      now_ms + std::chrono::duration_cast<std::chrono::milliseconds>(lease).count();
  return use<RefreshToken>([session = std::move(session), generation, owner = std::move(owner),
                            now_ms, until_ms](Database& database) {
    return database.take_lease(session, generation, owner, now_ms, until_ms);
  });
}

Store::Answer<void> SqliteStore::replace_refresh_token(std::string session, std::int64_t generation,
                                                       std::string owner,
                                                       std::vector<std::byte> sealed) {
  return use<void>([session = std::move(session), generation, owner = std::move(owner),
                    sealed = std::move(sealed)](Database& database) {
    return database.replace_refresh_token(session, generation, owner, sealed);
  });
}

Store::Answer<void> SqliteStore::delete_refresh_token(std::string session) {
  return use<void>([session = std::move(session)](Database& database) {
    return database.delete_refresh_token(session);
  });
}

Store::Answer<void> SqliteStore::add_device_grant(DeviceGrant grant) {
  return use<void>([grant = std::move(grant), most = settings_.device_grants](Database& database) {
    return database.add_device_grant(grant, most);
  });
}

Store::Answer<DeviceGrant> SqliteStore::device_grant(std::string user_code) {
  return use<DeviceGrant>([user_code = std::move(user_code), now = unix_now()](Database& database) {
    return database.device_grant(user_code, now);
  });
}

Store::Answer<void> SqliteStore::decide_device_grant(std::string user_code, GrantStatus status,
                                                     std::string person,
                                                     std::vector<std::string> groups) {
  return use<void>([user_code = std::move(user_code), status, person = std::move(person),
                    groups = std::move(groups), now = unix_now()](Database& database) {
    return database.decide_device_grant(user_code, status, person, groups, now);
  });
}

Store::Answer<DeviceGrant> SqliteStore::poll_device_grant(crypto::Digest device_hash) {
  return use<DeviceGrant>([device_hash, now = unix_now()](Database& database) {
    return database.poll_device_grant(device_hash, now);
  });
}

Store::Answer<void> SqliteStore::purge() {
  const std::int64_t now = unix_now();
  const std::int64_t tokens_before = now - settings_.keep_ended_tokens.count();
  return use<void>(
      [now, tokens_before](Database& database) { return database.purge(now, tokens_before); });
}

}  // namespace signet::state
