#include "identity/opaque_token.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "crypto/secret.h"

namespace signet::identity {

namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::uint64_t kBase = kDigits.size();
constexpr std::size_t kRandomBytes = 32;

constexpr bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// The checksum of `text`, the highest digit first.
std::array<char, kChecksumDigits> checksum(std::string_view text) {
  std::uint64_t rest = ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
  std::array<char, kChecksumDigits> digits;
  for (std::size_t i = digits.size(); i-- > 0; rest /= kBase)
    digits[i] = kDigits[rest % kBase];
  return digits;
}

// Divides a number of 32-bit limbs, the highest first, and gives what remains.
template <std::size_t size>
std::size_t divide(std::array<std::uint32_t, size>& limbs) {
  std::uint64_t rest = 0;
  for (std::uint32_t& limb : limbs) {
    const std::uint64_t value = rest << 32 | limb;
    limb = static_cast<std::uint32_t>(value / kBase);
    rest = value % kBase;
  }
  return rest;
}

}  // namespace

std::string new_secret(crypto::Random& random) {
  std::array<std::uint32_t, kRandomBytes / sizeof(std::uint32_t)> limbs;
  random.fill(std::as_writable_bytes(std::span(limbs)));
  std::string secret(kSecretPrefix);
  secret.reserve(kSecretSize);
  secret.resize(kSecretPrefix.size() + kSecretDigits);
  for (std::size_t i = secret.size(); i-- > kSecretPrefix.size();)
    secret[i] = kDigits[divide(limbs)];
  const auto sum = checksum(secret);
  return secret.append(sum.data(), sum.size());
}

bool is_well_formed(std::string_view secret) {
  if (secret.size() != kSecretSize || !secret.starts_with(kSecretPrefix)) return false;
  if (!std::ranges::all_of(secret.substr(kSecretPrefix.size()), is_digit)) return false;
  const auto sum = checksum(secret.substr(0, kSecretSize - kChecksumDigits));
  return secret.ends_with(std::string_view(sum.data(), sum.size()));
}

crypto::Digest token_hash(std::string_view secret) {
  return crypto::Sha256::of(secret);
}

std::string_view describe(TokenProblem problem) {
  switch (problem) {
    case TokenProblem::malformed: return "the token is not one of this gateway";
    case TokenProblem::unknown: return "the token is not known";
    case TokenProblem::expired: return "the token has expired";
    case TokenProblem::revoked: return "the token is revoked";
    case TokenProblem::owner_revoked: return "everything that the token's owner had is revoked";
    case TokenProblem::renewal: return "the token only renews others";
  }
  return "";
}

std::expected<void, TokenProblem> check_token(const state::Token& token,
                                              const state::Snapshot& snapshot, std::int64_t now) {
  if (token.revoked_at != 0) return std::unexpected(TokenProblem::revoked);
  if (!token.usable(now)) return std::unexpected(TokenProblem::expired);
  if (snapshot.is_revoked(state::RevocationKind::person, token.person, token.made_at)) {
    return std::unexpected(TokenProblem::owner_revoked);
  }
  return {};
}

KnownToken OpaqueTokens::answer(const std::shared_ptr<const Known>& known) {
  return {{known, &known->person}, {known, &known->token}};
}

std::expected<KnownToken, TokenRejection> OpaqueTokens::recognise(std::string_view secret,
                                                                  const state::Snapshot& snapshot) {
  if (!is_well_formed(secret)) {
    return std::unexpected(
        TokenRejection{TokenProblem::malformed, std::string(describe(TokenProblem::malformed))});
  }
  const crypto::Digest hash = token_hash(secret);
  const std::int64_t now = clock_.unix_seconds();
  Place& place = places_[state::DigestHash()(hash) % places_.size()];
  if (place.known != nullptr && place.version == snapshot.version &&
      now < place.known->token.expires &&
      crypto::equal_constant_time(std::span<const std::byte>(place.known->token.hash),
                                  std::span<const std::byte>(hash))) {
    return answer(place.known);
  }
  const state::Token* token = snapshot.find_token(hash);
  if (token == nullptr) {
    return std::unexpected(
        TokenRejection{TokenProblem::unknown, std::string(describe(TokenProblem::unknown))});
  }
  auto good = check_token(*token, snapshot, now);
  if (good && token->kind == state::TokenKind::renewal) {
    good = std::unexpected(TokenProblem::renewal);
  }
  if (!good) {
    return std::unexpected(TokenRejection{
        good.error(),
        fmt::format("token {} of {}: {}", token->id, token->person, describe(good.error()))});
  }
  auto known = std::make_shared<Known>();
  known->person.id = token->person;
  known->person.groups = token->groups;
  known->token = *token;
  place = {snapshot.version, std::move(known)};
  return answer(place.known);
}

}  // namespace signet::identity
