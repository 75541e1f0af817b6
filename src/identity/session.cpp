#include "identity/session.h"

#include <algorithm>
#include <cstring>

namespace signet::identity {

namespace {

constexpr char kVersion = 1;
constexpr std::int64_t kClockSkew = 60;
constexpr std::size_t kMostGroups = 10'000;

class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  void raw(std::string_view text) { bytes_ += text; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    good_ = false;
    return 0;
  }
  std::string_view raw(std::size_t size) {
    if (size > rest_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string text() { return std::string(raw(number())); }
  std::int64_t time() { return static_cast<std::int64_t>(number()); }
  bool good() const { return good_; }
  bool ended() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::uint64_t unsigned_time(std::int64_t time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time, 0));
}

}  // namespace

std::string encode(const Session& session) {
  Writer out;
  out.raw({&kVersion, 1});
  out.raw({reinterpret_cast<const char*>(session.id.data()), session.id.size()});
  out.number(session.can_refresh ? 1 : 0);
  out.number(unsigned_time(session.signed_in_at));
  out.number(unsigned_time(session.began_at));
  out.number(unsigned_time(session.seen_at));
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
  Parser in(bytes);
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
