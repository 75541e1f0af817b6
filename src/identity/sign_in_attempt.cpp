#include "identity/sign_in_attempt.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/hex.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "http/cookies.h"
#include "identity/form.h"
#include "identity/packed.h"

namespace signet::identity {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kNameDigits = 8;
constexpr std::size_t kMostDropped = 50;
// Beyond what a return path and the rest can come to.
constexpr std::size_t kLongestSealed = 4000;

std::string secret_text(crypto::Random& random) {
  std::array<std::byte, kSecretBytes> bytes;
  random.fill(bytes);
  return crypto::base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string encoded(const SignInAttempt& attempt) {
  PackedWriter out;
  out.raw({&kVersion, 1});
  out.text(attempt.state);
  out.text(attempt.nonce);
  out.text(attempt.verifier);
  out.text(attempt.provider);
  out.text(attempt.return_path);
  out.time(attempt.begun_at);
  out.number(attempt.max_age ? 1 : 0);
  out.time(attempt.max_age.value_or(0));
  return out.take();
}

std::optional<SignInAttempt> decoded(std::string_view bytes) {
  PackedReader in(bytes);
  if (in.raw(1) != std::string_view(&kVersion, 1)) return std::nullopt;
  SignInAttempt attempt;
  attempt.state = in.text();
  attempt.nonce = in.text();
  attempt.verifier = in.text();
  attempt.provider = in.text();
  attempt.return_path = in.text();
  attempt.begun_at = in.time();
  const std::uint64_t flags = in.number();
  const std::int64_t max_age = in.time();
  if (!in.ended() || flags > 1) return std::nullopt;
  if (flags == 1) attempt.max_age = max_age;
  return attempt;
}

// Whether a name can be one of attempt_cookie_name()'s: others must not come into an answer.
bool names_an_attempt(std::string_view name, const CookieNames& names) {
  if (!name.starts_with(names.attempt)) return false;
  name.remove_prefix(names.attempt.size());
  return name.size() == kNameDigits && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

SignInAttempt begin_attempt(crypto::Random& random, std::string_view provider,
                            std::string_view return_path, std::int64_t now,
                            std::optional<std::int64_t> max_age) {
  SignInAttempt attempt;
  attempt.state = secret_text(random);
  attempt.nonce = secret_text(random);
  attempt.verifier = secret_text(random);
  attempt.provider = provider;
  attempt.return_path = return_path;
  attempt.begun_at = now;
  attempt.max_age = max_age;
  return attempt;
}

AttemptSealer::AttemptSealer(std::span<const std::string> keys, std::string_view binding,
                             crypto::Random& random)
    : sealer_(keys, "attempt", binding, random) {}

std::string AttemptSealer::seal(const SignInAttempt& attempt) {
  return sealer_.seal(encoded(attempt));
}

std::optional<SignInAttempt> AttemptSealer::open(std::string_view text) {
  if (text.size() > kLongestSealed) return std::nullopt;
  const auto plain = sealer_.open(text);
  return plain ? decoded(*plain) : std::nullopt;
}

std::string attempt_cookie_name(const CookieNames& names, std::string_view state) {
  const crypto::HexDigest digest = crypto::hex(crypto::Sha256::of(state));
  return names.attempt + std::string(crypto::view(digest).substr(0, kNameDigits));
}

std::string_view describe(AttemptProblem problem) {
  switch (problem) {
    case AttemptProblem::none:
      return "the browser has no cookie of this sign-in: it began elsewhere, or too long ago";
    case AttemptProblem::repeated: return "the browser sends two cookies for this sign-in";
    case AttemptProblem::not_ours: return "the cookie of this sign-in was not made here for it";
  }
  return "unknown";
}

std::expected<SignInAttempt, AttemptProblem> find_attempt(const http::Fields& fields,
                                                          const CookieNames& names,
                                                          std::string_view state,
                                                          AttemptSealer& sealer) {
  const auto found = http::find_cookie(fields, attempt_cookie_name(names, state));
  if (found.count == 0) return std::unexpected(AttemptProblem::none);
  if (found.count > 1) return std::unexpected(AttemptProblem::repeated);
  auto attempt = sealer.open(found.first);
  if (!attempt || !crypto::equal_constant_time(attempt->state, state)) {
    return std::unexpected(AttemptProblem::not_ours);
  }
  return std::move(*attempt);
}

std::vector<std::string> attempts_to_drop(const http::Fields& fields, const CookieNames& names,
                                          AttemptSealer& sealer, std::int64_t now) {
  struct Known {
    std::int64_t begun_at;
    std::string_view name;
  };
  std::vector<Known> known;
  std::vector<std::string> dropped;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::cookie) continue;
    std::string_view rest = field.value;
    http::Cookie cookie;
    while (dropped.size() < kMostDropped && http::next_cookie(rest, cookie)) {
      if (!names_an_attempt(cookie.name, names)) continue;
      if (std::ranges::find(dropped, cookie.name) != dropped.end()) continue;
      const auto twin = std::ranges::find(known, cookie.name, &Known::name);
      const auto attempt = sealer.open(cookie.value);
      const bool lives = attempt && attempt_cookie_name(names, attempt->state) == cookie.name &&
                         attempt->begun_at + kAttemptSeconds > now;
      if (twin == known.end() && lives) {
        known.push_back({attempt->begun_at, cookie.name});
        continue;
      }
      if (twin != known.end()) known.erase(twin);
      dropped.emplace_back(cookie.name);
    }
  }
  std::ranges::sort(known, std::ranges::greater(), &Known::begun_at);
  for (std::size_t i = kMostAttempts - 1; i < known.size() && dropped.size() < kMostDropped; ++i)
    dropped.emplace_back(known[i].name);
  return dropped;
}

std::string authorization_url(const ProviderMetadata& metadata, std::string_view client_id,
                              std::string_view redirect_uri, std::span<const std::string> scopes,
                              const SignInAttempt& attempt, const SignInWishes& wishes) {
  const crypto::Digest digest = crypto::Sha256::of(attempt.verifier);
  std::vector<FormParameter> parameters{
      {"response_type", "code"},
      {"client_id", std::string(client_id)},
      {"redirect_uri", std::string(redirect_uri)},
      {"scope", fmt::format("{}", fmt::join(scopes, " "))},
      {"state", attempt.state},
      {"nonce", attempt.nonce},
      {"code_challenge",
       crypto::base64url({reinterpret_cast<const char*>(digest.data()), digest.size()})},
      {"code_challenge_method", "S256"}};
  if (!wishes.prompt.empty()) parameters.push_back({"prompt", wishes.prompt});
  if (attempt.max_age) parameters.push_back({"max_age", fmt::format("{}", *attempt.max_age)});
  if (!wishes.login_hint.empty()) parameters.push_back({"login_hint", wishes.login_hint});
  return with_query(metadata.authorization_endpoint, parameters);
}

}  // namespace signet::identity
