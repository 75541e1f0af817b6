#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace signet::credentials {

// What `signet check --online` and an operator may know of a set of keys. Holds no secret.
struct Description {
  Description() = default;

  std::string name;                     // whose keys: a role, or the gateway's own
  std::string origin;                   // where the keys came from; empty: there are none
  std::string key_id;                   // of the access key
  std::optional<std::int64_t> expires;  // Unix seconds
  bool usable = false;
  std::string failure;  // of the last attempt, if it failed
};

// In one line, without its end: 'role arn:… in eu-west-1: access key ASIA…, from role arn:… with
// profile "research", until 2026-01-31T12:00:00Z (in 43 min)'.
std::string text(const Description& description, std::int64_t unix_seconds);

}  // namespace signet::credentials
