#include "identity/recent_sessions.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "crypto/secret.h"
#include "identity/session_cookie.h"

namespace signet::identity {

namespace {

constexpr std::size_t kPlaceBits = 10;

// The end of a sealed text is its authentication tag, which no two sessions have in common.
std::size_t place_of(std::string_view sealed) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  std::uint64_t end;
  std::memcpy(&end, sealed.data() + sealed.size() - sizeof end, sizeof end);
  return static_cast<std::size_t>((end * kOdd) >> (64 - kPlaceBits));
}

bool can_be_kept(std::string_view sealed) {
  return sealed.size() >= sizeof(std::uint64_t) && sealed.size() <= kCookiePartBytes;
}

}  // namespace

std::shared_ptr<const Session> RecentSessions::find(std::string_view sealed) const {
  if (places_.empty() || !can_be_kept(sealed)) return nullptr;
  const Place& place = places_[place_of(sealed)];
  return crypto::equal_constant_time(place.sealed, sealed) ? place.session : nullptr;
}

void RecentSessions::keep(std::string_view sealed, std::shared_ptr<const Session> session) {
  if (!can_be_kept(sealed)) return;
  if (places_.empty()) places_.resize(std::size_t{1} << kPlaceBits);
  Place& place = places_[place_of(sealed)];
  place.sealed = sealed;
  place.session = std::move(session);
}

}  // namespace signet::identity
