#include "identity/session.h"

#include <cstring>

#include "identity/packed.h"

namespace signet::identity {

namespace {

constexpr char kVersion = 1;
constexpr std::int64_t kClockSkew = 60;
constexpr std::size_t kMostGroups = 10'000;

}  // namespace

std::string encode(const Session& session) {
  PackedWriter out;
  out.raw({&kVersion, 1});
  out.raw({reinterpret_cast<const char*>(session.id.data()), session.id.size()});
  out.number(session.can_refresh ? 1 : 0);
  out.time(session.signed_in_at);
  out.time(session.began_at);
  out.time(session.seen_at);
  out.time(session.vouched_at);
  out.text(session.provider);
  out.text(session.subject);
  out.text(session.provider_session);
  out.text(session.person.id);
  out.text(session.person.name);
  out.number(session.person.groups.size());
  for (const std::string& group : session.person.groups)
    out.text(group);
  return out.take();
}

std::optional<Session> decode(std::string_view bytes) {
  PackedReader in(bytes);
  const std::string_view version = in.raw(1);
  if (!in.good() || version.front() != kVersion) return std::nullopt;
  Session session;
  const std::string_view id = in.raw(kSessionIdBytes);
  if (in.good()) std::memcpy(session.id.data(), id.data(), id.size());
  const std::uint64_t flags = in.number();
  if (flags > 1) return std::nullopt;
  session.can_refresh = flags == 1;
  session.signed_in_at = in.time();
  session.began_at = in.time();
  session.seen_at = in.time();
  session.vouched_at = in.time();
  session.provider = in.text();
  session.subject = in.text();
  session.provider_session = in.text();
  session.person.id = in.text();
  session.person.name = in.text();
  const std::uint64_t groups = in.number();
  if (!in.good() || groups > kMostGroups) return std::nullopt;
  for (std::uint64_t i = 0; i < groups && in.good(); ++i)
    session.person.groups.push_back(in.text());
  if (!in.ended()) return std::nullopt;
  return session;
}

SessionEnd state_at(const Session& session, std::int64_t now, std::int64_t idle,
                    std::int64_t lifetime) {
  if (session.began_at > now + kClockSkew || session.seen_at > now + kClockSkew) {
    return SessionEnd::from_the_future;
  }
  if (now - session.began_at >= lifetime) return SessionEnd::too_old;
  if (now - session.seen_at >= idle) return SessionEnd::idle;
  return SessionEnd::lives;
}

}  // namespace signet::identity
