#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.h"
#include "state/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signet::state {

// One connection to a SQLite file. Used by one thread at a time.
class Connection {
 public:
  // Opens a file that is there. Waits up to `busy` for other connections' locks. Throws
  // std::runtime_error with SQLite's words.
  Connection(const std::string& path, runtime::Duration busy);
  ~Connection();
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) = delete;

  // Runs statements that give no rows.
  Outcome<void> execute(const char* sql);
  // The first column of the first row: of a statement that gives one.
  Outcome<std::int64_t> number(const char* sql);
  Outcome<std::string> text(const char* sql);
  // While true, closing leaves the files as they are instead of tidying the write-ahead log.
  void leave_untouched(bool untouched);

  // What SQLite says of the last call, for an operator; never holds a bound value.
  std::string last_words() const;
  // The error that the last call's result stands for.
  StoreError last_error() const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  bool write_lacked_room() const;

  std::unique_ptr<sqlite3, Close> handle_;
};

// One use of a statement, from its values to its last row. A change has been committed only when
// finish() said so (or the transaction around it).
class Run {
 public:
  Run(Run&& other) noexcept : connection_(other.connection_), handle_(other.handle_) {
    other.handle_ = nullptr;
  }
  Run& operator=(Run&&) = delete;
  ~Run();

  // Steps to the next row; false: there is none.
  Outcome<bool> next();
  // Steps to the end.
  Outcome<void> finish();

  // Columns of the row at hand, counted from 0.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::vector<std::byte> bytes(int column) const;

 private:
  friend class Statement;
  Run(const Connection& connection, sqlite3_stmt* handle)
      : connection_(connection), handle_(handle) {}

  const Connection& connection_;
  sqlite3_stmt* handle_;
};

// A prepared statement. The connection must outlive it.
class Statement {
 public:
  // Throws std::runtime_error with SQLite's words.
  Statement(const Connection& connection, std::string_view sql);

  // Begins a run with these values for its parameters in order: integers, texts, byte sequences.
  // One run at a time.
  template <typename... Values>
  Run run(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return {connection_, handle_.get()};
  }
  // The same to its end, for a change.
  template <typename... Values>
  Outcome<void> execute(const Values&... values) {
    return run(values...).finish();
  }

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, std::span<const std::byte> value);

  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  const Connection& connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Changes that are made together or not at all. Undone when it dies uncommitted.
class Transaction {
 public:
  enum class Kind : std::uint8_t { reading, writing };
  // Check `begun` first.
  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const Outcome<void>& begun() const { return begun_; }
  Outcome<void> commit();

 private:
  Connection& connection_;
  Outcome<void> begun_;
  bool open_;
};

}  // namespace signet::state
