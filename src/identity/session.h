#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "identity/person.h"

namespace signet::identity {

inline constexpr std::size_t kSessionIdBytes = 16;
using SessionId = std::array<std::byte, kSessionIdBytes>;

// A signed-in browser: what its sealed cookie says. Times are Unix seconds.
struct Session {
  Session() = default;
  SessionId id{};
  Person person;
  std::string provider;          // the configuration's name of who vouched
  std::string subject;           // `sub` there
  std::string provider_session;  // `sid` there, "" when it gave none (back-channel logout names it)
  std::int64_t signed_in_at = 0;  // when the person last proved who they are: `auth_time`
  std::int64_t began_at = 0;      // the absolute lifetime counts from here
  std::int64_t seen_at = 0;       // the idle lifetime counts from here
  std::int64_t vouched_at = 0;    // when the provider last said that person and groups hold
  bool can_refresh = false;       // the store has a refresh token under this id
  bool operator==(const Session&) const = default;
};

// The session as bytes, and back. Decoding takes nothing but what encode() writes: another version,
// a length beyond the end, or a byte too many give nothing.
std::string encode(const Session& session);
std::optional<Session> decode(std::string_view bytes);

enum class SessionEnd : std::uint8_t { lives, idle, too_old, from_the_future };
// Whether the session still holds at `now`. Lifetimes in seconds. Clocks of several gateways may
// differ by a minute.
SessionEnd state_at(const Session& session, std::int64_t now, std::int64_t idle,
                    std::int64_t lifetime);

}  // namespace signet::identity
