#include "state/sqlite.h"

#include <cerrno>
#include <stdexcept>

#include <sqlite3.h>

namespace signet::state {

namespace {

void check(int result, sqlite3* handle) {
  if (result != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle));
}

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Connection::Connection(const std::string& path, runtime::Duration busy) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  check(result, handle);
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(busy).count();
  check(sqlite3_busy_timeout(handle, static_cast<int>(patience)), handle);
}

Connection::~Connection() = default;

void Connection::leave_untouched(bool untouched) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, untouched ? 1 : 0, nullptr);
}

std::string Connection::last_words() const {
  return sqlite3_errmsg(handle_.get());
}

StoreError Connection::last_error() const {
  switch (sqlite3_errcode(handle_.get()) & 0xff) {
    case SQLITE_FULL: return StoreError::full;
    case SQLITE_IOERR: return write_lacked_room() ? StoreError::full : StoreError::unavailable;
    case SQLITE_CONSTRAINT: return StoreError::conflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return StoreError::corrupt;
    default: return StoreError::unavailable;
  }
}

// SQLite calls only ENOSPC full; a quota or a limit on the file's size it takes for a broken disk,
// and which it was, only the write-ahead log's file still knows.
bool Connection::write_lacked_room() const {
  if (sqlite3_extended_errcode(handle_.get()) != SQLITE_IOERR_WRITE) return false;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                       static_cast<void*>(&log));
  if (log == nullptr || log->pMethods == nullptr) return false;
  int cause = 0;
  log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &cause);
  return cause == EDQUOT || cause == EFBIG;
}

Outcome<void> Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(last_error());
  }
  return {};
}

Outcome<std::string> Connection::text(const char* sql) {
  sqlite3_stmt* raw = nullptr;
  std::string value;
  int result = sqlite3_prepare_v2(handle_.get(), sql, -1, &raw, nullptr);
  if (result == SQLITE_OK) result = sqlite3_step(raw);
  if (result == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    if (text != nullptr) value = text;
  }
  Outcome<std::string> outcome = std::move(value);
  if (result != SQLITE_ROW) outcome = std::unexpected(last_error());
  sqlite3_finalize(raw);
  return outcome;
}

Outcome<std::int64_t> Connection::number(const char* sql) {
  auto value = text(sql);
  if (!value) return std::unexpected(value.error());
  return std::strtoll(value->c_str(), nullptr, 10);
}

Run::~Run() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

Outcome<bool> Run::next() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return std::unexpected(connection_.last_error());
}

Outcome<void> Run::finish() {
  while (true) {
    auto row = next();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::int64_t Run::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string Run::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return text == nullptr ? std::string() : std::string(text, size);
}

std::vector<std::byte> Run::bytes(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return bytes == nullptr ? std::vector<std::byte>() : std::vector<std::byte>(bytes, bytes + size);
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
  sqlite3_finalize(handle);
}

Statement::Statement(const Connection& connection, std::string_view sql) : connection_(connection) {
  sqlite3_stmt* handle = nullptr;
  sqlite3* database = connection.handle_.get();
  check(sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle, nullptr),
        database);
  handle_.reset(handle);
}

// A value that cannot be bound (out of memory) stays NULL, which every column refuses.
void Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
}

void Statement::bind(int index, std::string_view value) {
  // Without an address SQLite would take NULL for it.
  const char* text = value.empty() ? "" : value.data();
  sqlite3_bind_text64(handle_.get(), index, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind(int index, std::span<const std::byte> value) {
  if (value.empty()) {
    sqlite3_bind_zeroblob(handle_.get(), index, 0);
    return;
  }
  sqlite3_bind_blob64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT);
}

Transaction::Transaction(Connection& connection, Kind kind)
    : connection_(connection),
      begun_(connection.execute(kind == Kind::writing ? "BEGIN IMMEDIATE" : "BEGIN")),
      open_(begun_.has_value()) {}

Transaction::~Transaction() {
  if (!open_) return;
  // Fails when SQLite has undone it already, as it does where a disk is full or broken.
  [[maybe_unused]] auto undone = connection_.execute("ROLLBACK");
}

Outcome<void> Transaction::commit() {
  auto done = connection_.execute("COMMIT");
  if (done) open_ = false;
  return done;
}

}  // namespace signet::state
