#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "runtime/event_loop.h"
#include "runtime/task_set.h"
#include "state/sqlite_store.h"

namespace signet::state {

inline constexpr std::int64_t kNow = 1'800'000'000;

// A folder that is gone with the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "signet-state-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const std::string& name = "state.db") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline Token token_of(const std::string& id, const std::string& person = "ada") {
  Token token;
  token.id = id;
  token.hash = crypto::Sha256::of(id);
  token.title = "Laptop of " + person;
  token.person = person;
  token.groups = {"team-a", "odd:3,name", ""};
  token.made_at = kNow;
  token.expires = kNow + 90 * 86400;
  token.apps = {"research"};
  token.at_most = 2;
  return token;
}

inline Revocation revocation_of(RevocationKind kind, const std::string& key) {
  Revocation revocation;
  revocation.kind = kind;
  revocation.key = key;
  revocation.made_at = kNow;
  revocation.until = kNow + 12 * 3600;
  return revocation;
}

inline RefreshToken refresh_token_of(const std::string& session) {
  RefreshToken token;
  token.session = session;
  token.sealed = {std::byte{0}, std::byte{0xff}, std::byte{7}};
  token.generation = 1;
  token.expires = kNow + 12 * 3600;
  return token;
}

inline DeviceGrant grant_of(const std::string& user_code) {
  DeviceGrant grant;
  grant.device_hash = crypto::Sha256::of("device " + user_code);
  grant.user_code = user_code;
  grant.made_at = kNow;
  grant.expires = kNow + 600;
  grant.client_address = "192.0.2.7";
  return grant;
}

// A home loop whose clock stands still until the test moves it; the helper thread is real.
class StoreRig {
 public:
  StoreRig() { clock.set_unix_seconds(kNow); }

  void open(const SqliteSettings& settings = {}) {
    store = std::make_unique<SqliteStore>(loop, path, settings);
  }
  void reopen() {
    store.reset();
    open();
  }

  // Turns the loop until `done` says so; false after ten seconds.
  template <typename Done>
  bool turn_until(Done done, runtime::Duration step = {}) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      clock.advance(step);
      loop.run_once(std::chrono::milliseconds(1));
    }
    return true;
  }
  // Lets time pass, and the store do in it what is due.
  void pass(runtime::Duration time) {
    const runtime::Time end = clock.monotonic() + time;
    turn_until([&] { return clock.monotonic() >= end; }, std::chrono::milliseconds(250));
    for (int i = 0; i < 20; ++i)
      loop.run_once(std::chrono::milliseconds(1));
  }

  template <typename T>
  static runtime::Task<void> keep(runtime::Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
  }
  // Runs one operation to its end.
  template <typename T>
  T get(runtime::Task<T> task) {
    std::optional<T> result;
    runtime::TaskSet tasks(loop);
    tasks.start(keep(std::move(task), result));
    if (!turn_until([&] { return result.has_value(); })) throw std::runtime_error("no answer");
    return std::move(*result);
  }
  // The error's name, or "ok".
  template <typename T>
  std::string said(runtime::Task<Outcome<T>> task) {
    auto outcome = get(std::move(task));
    return outcome ? "ok" : std::string(to_string(outcome.error()));
  }

  ScratchFolder folder;
  std::string path = folder.file();
  runtime::ManualClock clock;
  runtime::EventLoop loop{clock};
  std::unique_ptr<SqliteStore> store;
};

}  // namespace signet::state
