#include "state/database.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "state/schema.h"
#include "state/text_list.h"

namespace signet::state {

namespace {

ino_t file_number_of(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

std::span<const std::byte> bytes(const crypto::Digest& digest) {
  return digest;
}

bool read_digest(const Run& row, int column, crypto::Digest& into) {
  const std::vector<std::byte> stored = row.bytes(column);
  if (stored.size() != into.size()) return false;
  std::ranges::copy(stored, into.begin());
  return true;
}

bool read_names(const Run& row, int column, std::vector<std::string>& into) {
  auto names = names_from(row.text(column));
  if (!names) return false;
  into = std::move(*names);
  return true;
}

Outcome<Token> token_from(const Run& row) {
  Token token;
  token.id = row.text(0);
  const std::int64_t kind = row.integer(2);
  token.title = row.text(3);
  token.person = row.text(4);
  token.made_at = row.integer(6);
  token.expires = row.integer(7);
  const std::int64_t at_most = row.integer(9);
  token.last_used = row.integer(10);
  token.revoked_at = row.integer(11);
  token.family = row.text(12);
  // A kind, level or list that cannot be read must not become a token that may do more.
  if (!read_digest(row, 1, token.hash) || !read_names(row, 5, token.groups) ||
      !read_names(row, 8, token.apps) || at_most < 0 || at_most > kNoNarrowing || kind < 0 ||
      kind > static_cast<int>(TokenKind::role)) {
    return std::unexpected(StoreError::corrupt);
  }
  token.kind = static_cast<TokenKind>(kind);
  token.at_most = static_cast<std::uint8_t>(at_most);
  return token;
}

Outcome<Revocation> revocation_from(const Run& row) {
  const std::int64_t kind = row.integer(0);
  if (kind < 0 || kind > static_cast<int>(RevocationKind::person)) {
    return std::unexpected(StoreError::corrupt);
  }
  Revocation revocation;
  revocation.kind = static_cast<RevocationKind>(kind);
  revocation.key = row.text(1);
  revocation.made_at = row.integer(2);
  revocation.until = row.integer(3);
  return revocation;
}

Outcome<RefreshToken> refresh_token_from(const Run& row) {
  RefreshToken token;
  token.session = row.text(0);
  token.sealed = row.bytes(1);
  token.generation = row.integer(2);
  token.expires = row.integer(3);
  token.lease_until_ms = row.integer(4);
  token.lease_owner = row.text(5);
  return token;
}

Outcome<DeviceGrant> device_grant_from(const Run& row) {
  DeviceGrant grant;
  const std::int64_t status = row.integer(4);
  if (!read_digest(row, 0, grant.device_hash) || !read_names(row, 6, grant.groups) || status < 0 ||
      status > static_cast<int>(GrantStatus::denied)) {
    return std::unexpected(StoreError::corrupt);
  }
  grant.user_code = row.text(1);
  grant.made_at = row.integer(2);
  grant.expires = row.integer(3);
  grant.status = static_cast<GrantStatus>(status);
  grant.person = row.text(5);
  grant.last_poll = row.integer(7);
  grant.client_address = row.text(8);
  return grant;
}

// The one row that a statement gives, read by `from`, once the statement has ended (and with it, if
// it is one, its change been committed). Without a row: not_found.
template <typename Read>
auto only_row(Run run, Read from) -> decltype(from(run)) {
  auto row = run.next();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::unexpected(StoreError::not_found);
  auto record = from(run);
  if (auto done = run.finish(); !done) return std::unexpected(done.error());
  return record;
}

// Every row of a statement; the first that cannot be read ends it.
template <typename Read, typename Take>
Outcome<void> all_rows(Run run, Read from, Take take) {
  while (true) {
    auto row = run.next();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    auto record = from(run);
    if (!record) return std::unexpected(record.error());
    take(std::move(*record));
  }
}

}  // namespace

struct Database::Statements {
  explicit Statements(Connection& connection) : on(connection) {}

  Connection& on;
  Statement data_version{on, "PRAGMA data_version"};

  Statement tokens{on,
                   "SELECT id, hash, kind, title, person, group_names, made_at, expires, app_names,"
                   " at_most, last_used, revoked_at, family FROM tokens"};
  Statement add_token{on, "INSERT INTO tokens VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)"};
  // Revoked once is revoked since then.
  Statement revoke_token{on,
                         "UPDATE tokens SET revoked_at = iif(revoked_at = 0, ?2, revoked_at)"
                         " WHERE id = ?1 RETURNING id, hash, kind, title, person, group_names,"
                         " made_at, expires, app_names, at_most, last_used, revoked_at, family"};
  Statement end_token{on,
                      "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at = 0"
                      " AND expires > ?2 RETURNING id, hash, kind, title, person, group_names,"
                      " made_at, expires, app_names, at_most, last_used, revoked_at, family"};
  Statement end_family{on,
                       "UPDATE tokens SET revoked_at = ?2 WHERE family = ?1 AND family != ''"
                       " AND revoked_at = 0 AND expires > ?2 RETURNING id, hash, kind, title,"
                       " person, group_names, made_at, expires, app_names, at_most, last_used,"
                       " revoked_at, family"};
  Statement note_used{on, "UPDATE tokens SET last_used = max(last_used, ?2) WHERE hash = ?1"};
  Statement purge_tokens{on, "DELETE FROM tokens WHERE expires <= ?1"};

  Statement revocations{on, "SELECT kind, key, made_at, until FROM revocations"};
  Statement revoke{on,
                   "INSERT INTO revocations VALUES(?1,?2,?3,?4) ON CONFLICT(kind, key) DO UPDATE"
                   " SET made_at = max(made_at, excluded.made_at),"
                   " until = max(until, excluded.until) RETURNING kind, key, made_at, until"};
  Statement purge_revocations{on, "DELETE FROM revocations WHERE until <= ?1"};

  Statement put_refresh{on,
                        "INSERT INTO refresh_tokens VALUES(?1,?2,?3,?4,0,'')"
                        " ON CONFLICT(session) DO UPDATE SET sealed = excluded.sealed,"
                        " generation = generation + 1, expires = excluded.expires,"
                        " lease_until_ms = 0, lease_owner = ''"};
  Statement refresh{on,
                    "SELECT session, sealed, generation, expires, lease_until_ms, lease_owner"
                    " FROM refresh_tokens WHERE session = ?1"};
  Statement take_lease{on,
                       "UPDATE refresh_tokens SET lease_owner = ?3, lease_until_ms = ?5"
                       " WHERE session = ?1 AND generation = ?2 AND lease_until_ms <= ?4"
                       " RETURNING session, sealed, generation, expires, lease_until_ms,"
                       " lease_owner"};
  Statement replace_refresh{on,
                            "UPDATE refresh_tokens SET sealed = ?4, generation = generation + 1,"
                            " lease_until_ms = 0, lease_owner = '' WHERE session = ?1"
                            " AND generation = ?2 AND lease_owner = ?3 RETURNING session, sealed,"
                            " generation, expires, lease_until_ms, lease_owner"};
  Statement delete_refresh{on, "DELETE FROM refresh_tokens WHERE session = ?1"};
  Statement purge_refresh{on, "DELETE FROM refresh_tokens WHERE expires <= ?1"};

  Statement grants{on, "SELECT count(*) FROM device_grants"};
  Statement add_grant{on, "INSERT INTO device_grants VALUES(?1,?2,?3,?4,0,'','',0,?5)"};
  Statement grant_by_user{on,
                          "SELECT device_hash, user_code, made_at, expires, status, person,"
                          " group_names, last_poll, client_address FROM device_grants"
                          " WHERE user_code = ?1 AND expires > ?2"};
  Statement grant_by_device{on,
                            "SELECT device_hash, user_code, made_at, expires, status, person,"
                            " group_names, last_poll, client_address FROM device_grants"
                            " WHERE device_hash = ?1 AND expires > ?2"};
  Statement decide_grant{on,
                         "UPDATE device_grants SET status = ?3, person = ?4, group_names = ?5"
                         " WHERE user_code = ?1 AND expires > ?2 AND status = 0 RETURNING"
                         " device_hash, user_code, made_at, expires, status, person, group_names,"
                         " last_poll, client_address"};
  Statement polled{on, "UPDATE device_grants SET last_poll = ?2 WHERE device_hash = ?1"};
  Statement delete_grant{on, "DELETE FROM device_grants WHERE device_hash = ?1"};
  Statement purge_grants{on, "DELETE FROM device_grants WHERE expires <= ?1"};
};

void Database::FreeStatements::operator()(Statements* statements) const {
  delete statements;
}

Database::Database(const std::string& path, runtime::Duration busy, std::int64_t now)
    : path_(path),
      connection_(open_state_file(path, busy)),
      file_number_(file_number_of(path)),
      snapshot_(std::make_shared<const Snapshot>()),
      sql_(new Statements(connection_)) {
  auto done = catch_up(now);
  if (!done) {
    throw std::runtime_error(fmt::format("the state file {} cannot be read: {}", path,
                                         done.error() == StoreError::corrupt
                                             ? "a record in it makes no sense; put back a backup"
                                             : last_words()));
  }
}

Outcome<void> Database::check_place() const {
  if (file_number_of(path_) == file_number_) return {};
  return std::unexpected(StoreError::unavailable);
}

Outcome<void> Database::catch_up(std::int64_t now) {
  const auto number = [](const Run& row) -> Outcome<std::int64_t> { return row.integer(0); };
  if (snapshot_->version != 0) {
    auto seen = only_row(sql_->data_version.run(), number);
    if (!seen) return std::unexpected(seen.error());
    if (*seen == data_version_) return {};
  }
  Snapshot next;
  auto loaded = load(next);
  if (!loaded) return std::unexpected(loaded.error());
  next.version = snapshot_->version + 1;
  next.read_at = now;
  snapshot_ = std::make_shared<const Snapshot>(std::move(next));
  data_version_ = *loaded;
  return {};
}

// One reading transaction: the number and the records belong together.
Outcome<std::int64_t> Database::load(Snapshot& into) {
  Transaction transaction(connection_, Transaction::Kind::reading);
  if (!transaction.begun()) return std::unexpected(transaction.begun().error());
  auto take = [&into](auto record) { into.put(std::move(record)); };
  auto done = all_rows(sql_->tokens.run(), token_from, take);
  if (done) done = all_rows(sql_->revocations.run(), revocation_from, take);
  if (!done) return std::unexpected(done.error());
  const auto number = [](const Run& row) -> Outcome<std::int64_t> { return row.integer(0); };
  return only_row(sql_->data_version.run(), number);
}

template <typename Change>
void Database::publish(Change change) {
  auto next = std::make_shared<Snapshot>(*snapshot_);
  ++next->version;
  change(*next);
  snapshot_ = std::move(next);
}

Outcome<void> Database::insert(const Token& token) {
  return sql_->add_token.execute(token.id, bytes(token.hash), static_cast<std::int64_t>(token.kind),
                                 token.title, token.person, to_text(token.groups), token.made_at,
                                 token.expires, to_text(token.apps), std::int64_t{token.at_most},
                                 token.last_used, token.revoked_at, token.family);
}

Outcome<void> Database::add_token(const Token& token) {
  auto done = insert(token);
  if (done) publish([&](Snapshot& next) { next.put(token); });
  return done;
}

Outcome<void> Database::replace_token(std::string_view old_id, const std::vector<Token>& tokens,
                                      std::int64_t now) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return transaction.begun();
  std::optional<Token> ended;
  if (!old_id.empty()) {
    auto old = only_row(sql_->end_token.run(old_id, now), token_from);
    if (!old) {
      const bool none = old.error() == StoreError::not_found;
      return std::unexpected(none ? StoreError::conflict : old.error());
    }
    ended = std::move(*old);
  }
  for (const Token& token : tokens) {
    if (auto done = insert(token); !done) return done;
  }
  if (auto done = transaction.commit(); !done) return done;
  publish([&](Snapshot& next) {
    if (ended) next.put(std::move(*ended));
    for (const Token& token : tokens)
      next.put(token);
  });
  return {};
}

Outcome<void> Database::revoke_token(std::string_view id, std::int64_t now) {
  auto token = only_row(sql_->revoke_token.run(id, now), token_from);
  if (!token) return std::unexpected(token.error());
  publish([&](Snapshot& next) { next.put(std::move(*token)); });
  return {};
}

Outcome<void> Database::revoke_family(std::string_view family, std::int64_t now) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return transaction.begun();
  std::vector<Token> ended;
  auto done = all_rows(sql_->end_family.run(family, now), token_from,
                       [&ended](Token token) { ended.push_back(std::move(token)); });
  if (done && ended.empty()) return std::unexpected(StoreError::not_found);
  if (done) done = transaction.commit();
  if (!done) return done;
  publish([&](Snapshot& next) {
    for (Token& token : ended)
      next.put(std::move(token));
  });
  return {};
}

Outcome<void> Database::note_used(const std::vector<TokenUse>& uses) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return transaction.begun();
  for (const TokenUse& use : uses) {
    auto done = sql_->note_used.execute(bytes(use.hash), use.at);
    if (!done) return done;
  }
  auto done = transaction.commit();
  if (!done) return done;
  publish([&](Snapshot& next) {
    for (const TokenUse& use : uses) {
      const Token* known = next.find_token(use.hash);
      if (known == nullptr) continue;
      Token used = *known;
      used.last_used = std::max(used.last_used, use.at);
      next.put(std::move(used));
    }
  });
  return {};
}

Outcome<void> Database::revoke(const Revocation& revocation) {
  auto entry = only_row(sql_->revoke.run(static_cast<std::int64_t>(revocation.kind), revocation.key,
                                         revocation.made_at, revocation.until),
                        revocation_from);
  if (!entry) return std::unexpected(entry.error());
  publish([&](Snapshot& next) { next.put(std::move(*entry)); });
  return {};
}

Outcome<void> Database::put_refresh_token(const RefreshToken& token) {
  return sql_->put_refresh.execute(token.session, std::span<const std::byte>(token.sealed),
                                   token.generation, token.expires);
}

Outcome<RefreshToken> Database::refresh_token(std::string_view session) {
  return only_row(sql_->refresh.run(session), refresh_token_from);
}

StoreError Database::missing_refresh_token(std::string_view session) {
  auto there = refresh_token(session);
  return there ? StoreError::conflict : there.error();
}

Outcome<RefreshToken> Database::take_lease(std::string_view session, std::int64_t generation,
                                           std::string_view owner, std::int64_t now_ms,
                                           std::int64_t until_ms) {
  auto token = only_row(sql_->take_lease.run(session, generation, owner, now_ms, until_ms),
                        refresh_token_from);
  if (!token && token.error() == StoreError::not_found) {
    return std::unexpected(missing_refresh_token(session));
  }
  return token;
}

Outcome<void> Database::replace_refresh_token(std::string_view session, std::int64_t generation,
                                              std::string_view owner,
                                              const std::vector<std::byte>& sealed) {
  auto token = only_row(
      sql_->replace_refresh.run(session, generation, owner, std::span<const std::byte>(sealed)),
      refresh_token_from);
  if (token) return {};
  if (token.error() != StoreError::not_found) return std::unexpected(token.error());
  return std::unexpected(missing_refresh_token(session));
}

Outcome<void> Database::delete_refresh_token(std::string_view session) {
  return sql_->delete_refresh.execute(session);
}

Outcome<void> Database::add_device_grant(const DeviceGrant& grant, std::size_t most) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return transaction.begun();
  auto done = sql_->purge_grants.execute(grant.made_at);
  if (!done) return done;
  const auto number = [](const Run& row) -> Outcome<std::int64_t> { return row.integer(0); };
  auto count = only_row(sql_->grants.run(), number);
  if (!count) return std::unexpected(count.error());
  if (std::cmp_greater_equal(*count, most)) return std::unexpected(StoreError::full);
  done = sql_->add_grant.execute(bytes(grant.device_hash), grant.user_code, grant.made_at,
                                 grant.expires, grant.client_address);
  return done ? transaction.commit() : done;
}

Outcome<DeviceGrant> Database::device_grant(std::string_view user_code, std::int64_t now) {
  return only_row(sql_->grant_by_user.run(user_code, now), device_grant_from);
}

Outcome<void> Database::decide_device_grant(std::string_view user_code, GrantStatus status,
                                            std::string_view person,
                                            const std::vector<std::string>& groups,
                                            std::int64_t now) {
  auto decided = only_row(sql_->decide_grant.run(user_code, now, static_cast<std::int64_t>(status),
                                                 person, to_text(groups)),
                          device_grant_from);
  if (decided) return {};
  if (decided.error() != StoreError::not_found) return std::unexpected(decided.error());
  auto there = device_grant(user_code, now);
  return std::unexpected(there ? StoreError::conflict : there.error());
}

Outcome<DeviceGrant> Database::poll_device_grant(const crypto::Digest& device_hash,
                                                 std::int64_t now) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return std::unexpected(transaction.begun().error());
  auto grant = only_row(sql_->grant_by_device.run(bytes(device_hash), now), device_grant_from);
  if (!grant) return grant;
  auto done = grant->status == GrantStatus::pending
                  ? sql_->polled.execute(bytes(device_hash), now)
                  : sql_->delete_grant.execute(bytes(device_hash));
  if (done) done = transaction.commit();
  if (!done) return std::unexpected(done.error());
  return grant;
}

Outcome<void> Database::purge(std::int64_t now, std::int64_t tokens_before) {
  Transaction transaction(connection_, Transaction::Kind::writing);
  if (!transaction.begun()) return transaction.begun();
  auto done = sql_->purge_tokens.execute(tokens_before);
  if (done) done = sql_->purge_revocations.execute(now);
  if (done) done = sql_->purge_refresh.execute(now);
  if (done) done = sql_->purge_grants.execute(now);
  if (done) done = transaction.commit();
  if (!done) return done;
  std::vector<crypto::Digest> tokens;
  std::vector<Revocation> revocations;
  snapshot_->for_each_token([&](const Token& token) {
    if (token.expires <= tokens_before) tokens.push_back(token.hash);
  });
  snapshot_->for_each_revocation([&](const Revocation& revocation) {
    if (revocation.until <= now) revocations.push_back(revocation);
  });
  if (tokens.empty() && revocations.empty()) return done;
  publish([&](Snapshot& next) {
    for (const crypto::Digest& hash : tokens)
      next.remove_token(hash);
    for (const Revocation& revocation : revocations)
      next.remove_revocation(revocation.kind, revocation.key);
  });
  return done;
}

}  // namespace signet::state
