#include "identity/load_balancer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/url.h"
#include "identity/bearer.h"
#include "identity/id_token.h"
#include "identity/verify.h"

namespace signet::identity {

namespace {

using http::FieldId;

constexpr std::string_view kCognitoGroups = "cognito:groups";

std::unexpected<LoadBalancerRejection> rejected(std::string detail, std::string renew_key = {},
                                                std::string renew_issuer = {}) {
  return std::unexpected(
      LoadBalancerRejection{std::move(renew_key), std::move(renew_issuer), std::move(detail)});
}
std::unexpected<LoadBalancerRejection> bad_access(std::string_view why) {
  return rejected(fmt::format("x-amzn-oidc-accesstoken: {}", why));
}

// Whether the header says exactly this.
bool says(const JsonObject& header, std::string_view name, std::string_view value) {
  const JsonValue* member = header.find(name);
  const auto* text = member == nullptr ? nullptr : member->as<std::string>();
  return text != nullptr && !value.empty() && *text == value;
}

// The value of a field that may be there once; nothing when it is there more often.
std::optional<std::string_view> only(const http::Fields& fields, FieldId id) {
  if (fields.count(id) > 1) return std::nullopt;
  return fields.value(id);
}

// `object` with these groups under the names that rules may ask for, where it has no such claim.
Claims with_groups(const JsonObject& object, const JsonValue& groups, const std::string& name) {
  std::vector<JsonMember> members = object.members();
  for (const std::string& each : {name, std::string(kCognitoGroups)}) {
    const bool there = std::ranges::find(members, each, &JsonMember::name) != members.end();
    if (!there) members.push_back({each, groups});
  }
  return Claims(JsonObject(std::move(members)));
}

// Cognito's access tokens name the client in `client_id` and have no `aud`.
bool is_for(const Claims& claims, std::string_view client) {
  const auto client_id = claims.text("client_id");
  if (!client_id) return false;
  if (*client_id) return **client_id == client;
  const auto audiences = claims.texts("aud");
  return audiences && std::ranges::find(*audiences, client) != audiences->end();
}

// About what it takes to remember a person: the texts, and what stands around them.
std::size_t bytes_of(const Person& person) {
  constexpr std::size_t kOverhead = 384;
  std::size_t bytes = kOverhead + person.id.size() + person.name.size();
  for (const std::string& group : person.groups)
    bytes += sizeof(std::string) + group.size();
  return bytes;
}

}  // namespace

bool is_cognito_user_pool(std::string_view issuer) {
  const auto url = config::parse_url(issuer);
  if (!url || !url->https || !url->host.starts_with("cognito-idp.")) return false;
  return url->host.ends_with(".amazonaws.com") || url->host.ends_with(".amazonaws.com.cn");
}

std::size_t LoadBalancerIdentity::DigestHash::operator()(const crypto::Digest& digest) const {
  std::size_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

LoadBalancerIdentity::LoadBalancerIdentity(const config::LoadBalancer& rules,
                                           const LoadBalancerKeysView& keys,
                                           const KeyBookView* issuer_keys)
    : rules_(rules), keys_(keys), issuer_keys_(issuer_keys) {}

std::expected<std::shared_ptr<const Person>, LoadBalancerRejection> LoadBalancerIdentity::recognise(
    const http::Fields& fields, std::int64_t now) {
  const auto data = only(fields, FieldId::x_amzn_oidc_data);
  const auto identity = only(fields, FieldId::x_amzn_oidc_identity);
  const auto access = only(fields, FieldId::x_amzn_oidc_accesstoken);
  if (!data || !identity || !access) return rejected("a field of the load balancer is there twice");
  const Tokens tokens{*data, *identity, *access};
  if (data->empty()) {
    const bool none = !fields.has(FieldId::x_amzn_oidc_data) &&
                      !fields.has(FieldId::x_amzn_oidc_identity) &&
                      !fields.has(FieldId::x_amzn_oidc_accesstoken);
    if (none) return nullptr;
    return rejected("x-amzn-oidc-data is absent or empty");
  }
  const crypto::Digest digest = crypto::Sha256::of(*data);
  if (const auto found = by_data_.find(digest); found != by_data_.end()) {
    if (still_holds(*found->second, tokens, now)) {
      known_.splice(known_.begin(), known_, found->second);
      return found->second->person;
    }
    forget(found->second);
  }
  auto known = verified(tokens, now);
  if (!known) return std::unexpected(std::move(known.error()));
  known->data = digest;
  auto person = known->person;
  remember(std::move(*known));
  return person;
}

std::uint64_t LoadBalancerIdentity::issuer_page() const {
  return issuer_keys_ == nullptr ? 0 : issuer_keys_->page()->version;
}

bool LoadBalancerIdentity::still_holds(const Known& known, const Tokens& tokens,
                                       std::int64_t now) const {
  return known.page == keys_.page()->version && known.issuer_page == issuer_page() &&
         now < known.expires && known.subject == tokens.identity &&
         (!known.access || *known.access == crypto::Sha256::of(tokens.access));
}

std::expected<JsonObject, LoadBalancerRejection> LoadBalancerIdentity::open(
    const Jws& jws, std::int64_t now) const {
  // Before anything is fetched because of it: whoever reaches us could have made it up.
  if (!jws.key_id || !is_uuid(*jws.key_id)) return rejected("x-amzn-oidc-data: kid is no UUID");
  if (!says(jws.header, "signer", rules_.signer)) {
    return rejected("x-amzn-oidc-data is of another load balancer (signer)");
  }
  if (!says(jws.header, "client", rules_.client_id)) {
    return rejected("x-amzn-oidc-data is for another client");
  }
  if (!says(jws.header, "iss", rules_.issuer)) {
    return rejected("x-amzn-oidc-data is of another issuer");
  }
  if (const auto good = Claims(jws.header).check_times(now, kClockSkew); !good) {
    return rejected(fmt::format("x-amzn-oidc-data: {}", describe(good.error())));
  }
  const crypto::PublicKey* key = keys_.page()->find(*jws.key_id);
  if (key == nullptr) {
    return rejected("x-amzn-oidc-data: the load balancer's key is not known", *jws.key_id);
  }
  if (!key->verify(jws.algorithm, jws.signing_input, jws.signature)) {
    return rejected("x-amzn-oidc-data: the signature is not the load balancer's");
  }
  auto object = parse_json_object(jws.payload);
  if (!object) {
    return rejected(
        fmt::format("x-amzn-oidc-data has claims that are {}", describe(object.error())));
  }
  return std::move(*object);
}

std::expected<Claims, LoadBalancerRejection> LoadBalancerIdentity::open_access(
    std::string_view access, std::string_view subject, std::int64_t now) const {
  if (access.empty()) {
    return bad_access("absent, though the groups are in it: x-amzn-oidc-data has none");
  }
  const auto jws = parse_jws(access);
  if (!jws) return bad_access(describe(jws.error()));
  if (has_type(*jws, "logout+jwt")) return bad_access("a logout token is no access token");
  const KeyBookPage::Entry* entry = issuer_keys_->page()->find(rules_.issuer);
  if (entry == nullptr || entry->keys == nullptr) {
    return rejected("x-amzn-oidc-accesstoken: the issuer's keys are not known yet", {},
                    rules_.issuer);
  }
  if (const auto good = verify(*jws, *entry->keys, kAllAlgorithms); !good) {
    return rejected(fmt::format("x-amzn-oidc-accesstoken: {}", describe(good.error())), {},
                    good.error() == JwsError::unknown_key ? rules_.issuer : "");
  }
  auto claims = Claims::parse(jws->payload);
  if (!claims) return bad_access(describe(claims.error()));
  const auto issuer = claims->text("iss");
  if (!issuer || !*issuer || **issuer != rules_.issuer) return bad_access("of another issuer");
  // The pool signs ID tokens with the same keys; they have this claim too.
  const auto use = claims->text("token_use");
  if (!use || use->value_or("access") != "access") return bad_access("no access token");
  if (!is_for(*claims, rules_.client_id)) return bad_access("for another client");
  const auto sub = claims->text("sub");
  if (!sub || !*sub || **sub != subject) return bad_access("of another person");
  if (const auto good = claims->check_times(now, kClockSkew); !good) {
    return bad_access(describe(good.error()));
  }
  return claims.value();
}

std::expected<LoadBalancerIdentity::Known, LoadBalancerRejection> LoadBalancerIdentity::verified(
    const Tokens& tokens, std::int64_t now) const {
  JwsLimits limits;
  limits.algorithms = {Algorithm::es256};
  // The signature is over the parts as they are spelt, so both spellings cannot be good.
  limits.form = tokens.data.contains('=') ? Base64Form::padded : Base64Form::unpadded;
  const auto jws = parse_jws(tokens.data, limits);
  if (!jws) return rejected(fmt::format("x-amzn-oidc-data: {}", describe(jws.error())));
  auto object = open(*jws, now);
  if (!object) return std::unexpected(std::move(object.error()));
  Claims claims(*object);
  const auto subject = claims.text("sub");
  if (!subject || !*subject || (*subject)->empty() || **subject != tokens.identity) {
    return rejected("x-amzn-oidc-identity is not the subject of x-amzn-oidc-data");
  }
  Known known{};
  known.subject = tokens.identity;
  known.expires = Claims(jws->header).time("exp")->value() + kClockSkew;
  if (issuer_keys_ != nullptr && claims.find(rules_.claims.groups) == nullptr) {
    const auto access = open_access(tokens.access, tokens.identity, now);
    if (!access) return std::unexpected(access.error());
    known.access = crypto::Sha256::of(tokens.access);
    known.expires = std::min(known.expires, access->time("exp")->value() + kClockSkew);
    if (const JsonValue* groups = access->find(kCognitoGroups)) {
      claims = with_groups(*object, *groups, rules_.claims.groups);
    }
  }
  if (rules_.claims.person == "email" && !email_of(claims, !rules_.unverified_email)) {
    return rejected("the claim email is no address, or not verified");
  }
  auto person = person_of(claims, rules_.claims, rules_.require, rules_.groups);
  if (!person) return rejected(std::move(person.error()));
  known.bytes = bytes_of(*person) + known.subject.size();
  known.person = std::make_shared<const Person>(std::move(*person));
  known.page = keys_.page()->version;
  known.issuer_page = issuer_page();
  return known;
}

void LoadBalancerIdentity::forget(std::list<Known>::iterator known) {
  known_bytes_ -= known->bytes;
  by_data_.erase(known->data);
  known_.erase(known);
}

void LoadBalancerIdentity::remember(Known known) {
  while (!known_.empty() &&
         (known_.size() >= kMostKnown || known_bytes_ + known.bytes > kMostKnownBytes)) {
    forget(std::prev(known_.end()));
  }
  known_bytes_ += known.bytes;
  known_.push_front(std::move(known));
  by_data_.emplace(known_.front().data, known_.begin());
}

}  // namespace signet::identity
