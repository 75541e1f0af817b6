#include "identity/bearer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "config/access.h"
#include "identity/verify.h"

namespace signet::identity {

namespace {

// Machines' clocks differ; a minute is what other verifiers allow too.
constexpr std::int64_t kClockSkew = 60;
constexpr std::size_t kLongestPerson = 512;
constexpr std::size_t kMostGroups = 1000;

std::unexpected<Rejection> rejected(std::string detail, std::string renew = {}) {
  return std::unexpected(Rejection{std::move(renew), std::move(detail)});
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// About what it takes to remember a person: the texts, and what stands around them.
std::size_t bytes_of(const Person& person) {
  constexpr std::size_t kOverhead = 256;
  std::size_t bytes = kOverhead + person.id.size() + person.name.size();
  for (const std::string& group : person.groups)
    bytes += sizeof(std::string) + group.size();
  return bytes;
}

// Cognito's access tokens say in `client_id` for whom they are; there is no other claim to check.
std::expected<void, ClaimsError> check_audience(const Claims& claims,
                                                const config::BearerIssuer& issuer) {
  if (issuer.audience_claim == config::AudienceClaim::aud) {
    return claims.check({issuer.issuer, issuer.audiences, ""});
  }
  auto iss = claims.text("iss");
  if (!iss) return std::unexpected(iss.error());
  if (!*iss || **iss != issuer.issuer) return std::unexpected(ClaimsError::wrong_issuer);
  auto client = claims.text("client_id");
  if (!client) return std::unexpected(client.error());
  const bool ours =
      *client && std::ranges::find(issuer.audiences, **client) != issuer.audiences.end();
  if (!ours) return std::unexpected(ClaimsError::wrong_audience);
  return {};
}

}  // namespace

std::expected<Person, std::string> person_of(const Claims& claims, const config::ClaimNames& names,
                                             const std::vector<config::Requirement>& require,
                                             const std::vector<std::string>& groups) {
  for (const config::Requirement& each : require) {
    auto values = claims.texts(each.claim);
    const bool met = values && std::ranges::any_of(*values, [&](std::string_view value) {
                       return std::ranges::find(each.values, value) != each.values.end();
                     });
    if (!met)
      return std::unexpected(fmt::format("the claim {} is not what is required", each.claim));
  }
  auto id = claims.text(names.person);
  if (!id || !*id || (*id)->empty()) {
    return std::unexpected(
        fmt::format("the claim {}, which names the person, is no text", names.person));
  }
  if ((*id)->size() > kLongestPerson || !is_printable(**id)) {
    return std::unexpected(
        fmt::format("the claim {} is too long, or has control characters", names.person));
  }
  // An address with two @ is read differently by different programs (GHSA-c5c4-8r6x-56w3).
  if (std::ranges::count(**id, '@') > 1) {
    return std::unexpected(fmt::format("the claim {} has several @", names.person));
  }
  Person person;
  person.id = config::person_id(**id);
  if (person.id.starts_with(kAwsPersonPrefix)) {
    return std::unexpected(
        fmt::format("the claim {} begins as the ids of AWS roles do", names.person));
  }
  if (auto name = claims.text(names.name); name && *name && is_printable(**name)) {
    person.name = std::string((*name)->substr(0, kLongestPerson));
  }
  // Entra leaves out the groups of people with many of them and says where to ask instead. Without
  // groups a rule that takes something away would not hold.
  if (claims.find("_claim_names." + names.groups) != nullptr) {
    return std::unexpected(
        "the groups are too many for the token (\"group overage\"): have the "
        "provider send roles, or only the groups of this application");
  }
  // Of the implicit flow, which has no room for the pointer above.
  if (const auto has = claims.boolean("hasgroups");
      claims.find(names.groups) == nullptr && has && has->value_or(false)) {
    return std::unexpected("the groups are too many for the token (\"hasgroups\")");
  }
  auto named = claims.texts(names.groups);
  if (!named || named->size() > kMostGroups) {
    return std::unexpected(
        fmt::format("the claim {} is no list of texts, or too long", names.groups));
  }
  person.groups = groups;
  for (std::string_view group : *named) {
    if (std::ranges::find(person.groups, group) == person.groups.end()) {
      person.groups.emplace_back(group);
    }
  }
  return person;
}

std::size_t BearerTokens::DigestHash::operator()(const crypto::Digest& digest) const {
  std::size_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

BearerTokens::BearerTokens(const config::Identity& identity, const KeyBookView& keys,
                           const runtime::Clock& clock)
    : identity_(identity), keys_(keys), clock_(clock) {}

std::expected<std::shared_ptr<const Person>, Rejection> BearerTokens::recognise(
    std::string_view token) {
  const crypto::Digest digest = crypto::Sha256::of(token);
  if (const auto found = by_token_.find(digest); found != by_token_.end()) {
    const Known& known = *found->second;
    if (known.page == keys_.page()->version && clock_.unix_seconds() < known.expires) {
      known_.splice(known_.begin(), known_, found->second);
      return known.person;
    }
    forget(found->second);
  }
  std::int64_t expires = 0;
  auto person = verified(token, expires);
  if (person) remember(digest, *person, expires);
  return person;
}

std::expected<std::shared_ptr<const Person>, Rejection> BearerTokens::verified(
    std::string_view token, std::int64_t& expires) const {
  auto jws = parse_jws(token);
  if (!jws) return rejected(std::string(describe(jws.error())));
  // What a provider says of a person's sign-out is signed with the same keys.
  if (has_type(*jws, "logout+jwt")) return rejected("a logout token is no access token");
  auto claims = Claims::parse(jws->payload);
  if (!claims) return rejected(std::string(describe(claims.error())));
  auto iss = claims->text("iss");
  if (!iss || !*iss) return rejected("the token names no issuer");
  const auto issuer = std::ranges::find(identity_.bearer, **iss, &config::BearerIssuer::issuer);
  if (issuer == identity_.bearer.end()) return rejected("the token's issuer is not configured");
  // The cheap checks first: what has ended costs no signature.
  const std::int64_t now = clock_.unix_seconds();
  if (auto good = claims->check_times(now, kClockSkew); !good) {
    return rejected(fmt::format("a token of {}: {}", issuer->issuer, describe(good.error())));
  }
  const KeyBookPage::Entry* entry = keys_.page()->find(issuer->issuer);
  if (entry == nullptr || entry->keys == nullptr) {
    return rejected(fmt::format("the keys of {} are not known yet", issuer->issuer),
                    issuer->issuer);
  }
  if (auto good = verify(*jws, *entry->keys, kAllAlgorithms); !good) {
    return rejected(fmt::format("a token of {}: {}", issuer->issuer, describe(good.error())),
                    good.error() == JwsError::unknown_key ? issuer->issuer : "");
  }
  // An issuer may be there several times, for several audiences.
  std::string why;
  for (auto each = issuer; each != identity_.bearer.end(); ++each) {
    if (each->issuer != issuer->issuer) continue;
    if (auto good = check_audience(*claims, *each); !good) {
      why = describe(good.error());
      continue;
    }
    auto person = person_of(*claims, each->claims, each->require, each->groups);
    if (!person) {
      why = std::move(person.error());
      continue;
    }
    expires = claims->time("exp")->value() + kClockSkew;
    return std::make_shared<const Person>(std::move(*person));
  }
  return rejected(fmt::format("a token of {}: {}", issuer->issuer, why));
}

void BearerTokens::forget(std::list<Known>::iterator known) {
  known_bytes_ -= known->bytes;
  by_token_.erase(known->token);
  known_.erase(known);
}

void BearerTokens::remember(const crypto::Digest& token, std::shared_ptr<const Person> person,
                            std::int64_t expires) {
  const std::size_t bytes = bytes_of(*person);
  while (!known_.empty() &&
         (known_.size() >= kMostKnown || known_bytes_ + bytes > kMostKnownBytes)) {
    forget(std::prev(known_.end()));
  }
  known_.push_front({token, std::move(person), expires, keys_.page()->version, bytes});
  by_token_.emplace(token, known_.begin());
  known_bytes_ += bytes;
}

}  // namespace signet::identity
