#include "config/session_key.h"

#include <filesystem>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/secret.h"

namespace signet::config {

namespace {

constexpr std::size_t kNewKeyBytes = 48;
constexpr std::size_t kMostKeyBytes = 4096;

bool needs_key(const Config& config) {
  return config.identity.given && config.identity.session.keys.empty();
}

Problem problem_of(const Config& config, std::string_view wrong, std::string_view right) {
  return {config.file, config.identity.session.place,
          fmt::format("identity.session.keys: the file {} {}: {} give keys ({})",
                      session_key_file(config), wrong, right, kHowToMakeAKey)};
}

// Empty while there is no file.
std::expected<Secret, std::string> read_key(const Config& config, const Environment& environment) {
  auto text = environment.read_private_file(session_key_file(config), kMostKeyBytes);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*text) return Secret();
  while ((*text)->ends_with('\n') || (*text)->ends_with('\r'))
    (*text)->pop_back();
  Secret key(std::move(**text));
  const std::size_t bytes = key.reveal().size();
  if (bytes < kLeastKeyBytes) {
    return std::unexpected(
        fmt::format("has {} bytes, and a key has at least {}", bytes, kLeastKeyBytes));
  }
  return key;
}

std::expected<void, std::string> make_key(const Config& config, const Environment& environment) {
  std::string bytes = environment.random_bytes(kNewKeyBytes);
  std::string text = crypto::base64(bytes);
  text += '\n';
  auto made = environment.create_private_file(session_key_file(config), text);
  crypto::wipe(bytes);
  crypto::wipe(text);
  return made;
}

constexpr std::string_view kDeleteIt =
    "delete it, and serve makes a new one (everybody signs in again), or";

}  // namespace

std::string session_key_file(const Config& config) {
  return (std::filesystem::path(config.state.sqlite).parent_path() / "session.key").string();
}

Problems check_session_key(const Config& config, const Environment& environment) {
  if (!needs_key(config)) return {};
  auto key = read_key(config, environment);
  return key ? Problems() : Problems{problem_of(config, key.error(), kDeleteIt)};
}

Problems take_session_key(Config& config, const Environment& environment) {
  if (!needs_key(config)) return {};
  auto key = read_key(config, environment);
  if (key && key->empty()) {
    auto made = make_key(config, environment);
    if (!made) return {problem_of(config, made.error(), "make room for it, or")};
    // Another gateway may have been faster: what lies there now is the key of both.
    key = read_key(config, environment);
    if (key && key->empty()) key = std::unexpected("went away as soon as it was made");
  }
  if (!key) return {problem_of(config, key.error(), kDeleteIt)};
  config.identity.session.keys.push_back(std::move(*key));
  return {};
}

}  // namespace signet::config
