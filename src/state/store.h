#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/event_loop.h"
#include "runtime/task.h"
#include "state/error.h"
#include "state/records.h"
#include "state/snapshot.h"

namespace signet::state {

class Store;

// One loop's sight of the store, kept up to date by the loop's mailbox: reading it takes no lock
// and no atomic. Made before the loops run; lives until they have stopped. Used on its loop.
class StoreView {
 public:
  StoreView(Store& store, runtime::EventLoop& loop);
  StoreView(const StoreView&) = delete;
  StoreView& operator=(const StoreView&) = delete;

  // Valid until the caller next suspends.
  const Snapshot& snapshot() const { return *snapshot_; }
  // How long the store has not been readable, so that the snapshot may be out of date; 0: it is
  // readable. To be compared with state.max_stale.
  runtime::Duration stale_for() const;
  // A request came with this token. Cheap to call for every request: the token's last_used follows
  // within some minutes, or never when the store has other troubles.
  void note_used(const Token& token);

 private:
  friend class Store;
  void take(std::shared_ptr<const Snapshot> snapshot);

  Store& store_;
  runtime::EventLoop& loop_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::optional<runtime::Time> stale_since_;
  std::int64_t noted_minute_ = 0;
  std::unordered_set<crypto::Digest, DigestHash> noted_;  // in that minute
};

// Tokens, revocations, refresh tokens and device grants, kept so that they outlast the process and
// are seen by every gateway. Everything is called on the home loop's thread. The coroutines must be
// gone before the store is; a change whose coroutine is destroyed early may still be made.
//
// Errors of every operation: `unavailable`, `full`, `corrupt`; the others are named. A change is
// committed and in the home's snapshot when its coroutine ends, and on its way to the other loops.
// They keep no deadline: a disk may hang, and whoever waits brings runtime::within().
class Store {
 public:
  template <typename T>
  using Answer = runtime::Task<Outcome<T>>;

  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Adds a token. conflict: its id or its hash is in use.
  virtual Answer<void> add_token(Token token) = 0;
  // Ends the token `old_id` and adds others in its place, all or nothing: of many who try to
  // replace one token, one succeeds. "": nothing is to be ended. conflict: the old one is not there
  // or has ended, or an id or hash is in use.
  virtual Answer<void> replace_token(std::string old_id, std::vector<Token> tokens) = 0;
  // Ends a token now; one that is revoked already stays so. not_found: no such token.
  virtual Answer<void> revoke_token(std::string id) = 0;
  // The same for all tokens of a family, which is not "". not_found: none of them was usable.
  virtual Answer<void> revoke_family(std::string family) = 0;
  // All tokens of a person, the newest first, those that ended lately too.
  std::vector<Token> tokens_of(std::string_view person) const;

  // Forbids what the entry names. A second one with the same key only ever forbids more.
  virtual Answer<void> revoke(Revocation revocation) = 0;

  // Keeps a session's refresh token, in place of one it had; nobody has its lease then. The
  // generation grows by one when there was one, else it is the given.
  virtual Answer<void> put_refresh_token(RefreshToken token) = 0;
  // not_found: the session has none.
  virtual Answer<RefreshToken> refresh_token(std::string session) = 0;
  // Takes the right to renew until `lease` from now, for as many as ask for the same generation to
  // exactly one. conflict: another has it, or has renewed: read it again in a moment. not_found.
  virtual Answer<RefreshToken> take_lease(std::string session, std::int64_t generation,
                                          std::string owner, runtime::Duration lease) = 0;
  // Puts the renewed token in and gives the lease back. conflict: the lease has gone to somebody
  // else, or was never taken. not_found.
  virtual Answer<void> replace_refresh_token(std::string session, std::int64_t generation,
                                             std::string owner, std::vector<std::byte> sealed) = 0;
  // Forgets it; there may be none.
  virtual Answer<void> delete_refresh_token(std::string session) = 0;

  // Adds a pending grant; person, groups and status of `grant` are ignored. conflict: one of the
  // codes is in use. full also when too many are pending.
  virtual Answer<void> add_device_grant(DeviceGrant grant) = 0;
  // The grant with this user code, decided or not. not_found: none, or it has expired.
  virtual Answer<DeviceGrant> device_grant(std::string user_code) = 0;
  // Decides a pending grant. conflict: it is decided. not_found: none, or it has expired.
  virtual Answer<void> decide_device_grant(std::string user_code, GrantStatus status,
                                           std::string person, std::vector<std::string> groups) = 0;
  // The grant as it was, its last_poll included, for the device to be told. One that is decided is
  // gone with that: a device code works once. not_found: none, told before, or expired.
  virtual Answer<DeviceGrant> poll_device_grant(crypto::Digest device_hash) = 0;

  // Drops what has ended. Also happens by itself now and then.
  virtual Answer<void> purge() = 0;

  // The snapshot after the last change. A copy of the pointer keeps it. Never null.
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  // As StoreView's.
  runtime::Duration stale_for() const;
  // Why the store cannot be read, for an operator; "" while it can.
  const std::string& trouble() const { return trouble_; }

 protected:
  // The first snapshot.
  Store(runtime::EventLoop& home, std::shared_ptr<const Snapshot> snapshot);

  runtime::EventLoop& home() { return home_; }
  // A newer snapshot for all loops; an older one is dropped.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  // The store was readable at `when`, and the snapshot is that of then.
  void note_readable(runtime::Time when);
  void note_unreadable(std::string why);
  // What was used since the last call: by hash, when (Unix seconds).
  std::unordered_map<crypto::Digest, std::int64_t, DigestHash> take_uses();

 private:
  friend class StoreView;
  class Update;
  class Staleness;
  class Use;

  void tell_staleness(std::optional<runtime::Time> since);
  void note_used(const crypto::Digest& hash, std::int64_t at);

  runtime::EventLoop& home_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<StoreView*> views_;
  runtime::Time read_at_;
  std::optional<runtime::Time> stale_since_;
  std::string trouble_;
  std::unordered_map<crypto::Digest, std::int64_t, DigestHash> uses_;
};

}  // namespace signet::state
