#include "identity/key_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/base64.h"
#include "identity/json.h"

namespace signet::identity {

namespace {

// A key has some ten values; certificates come as strings.
constexpr JsonLimits kKeySetLimits{.depth = 8, .values = 200'000};

// The parts of private keys (RFC 7518 §6.2.2, §6.3.2) and the symmetric one (§6.4.1). Whoever
// publishes these has no secret left that a signature could prove.
constexpr std::array<std::string_view, 8> kPrivateParts{"d",  "p",  "q",   "dp",
                                                        "dq", "qi", "oth", "k"};

const std::string* text(const JsonObject& key, std::string_view name) {
  const JsonValue* member = key.find(name);
  return member == nullptr ? nullptr : member->as<std::string>();
}

// The bytes of a base64url member; empty when it is absent or malformed, which no key accepts.
std::string bytes(const JsonObject& key, std::string_view name) {
  const std::string* spelt = text(key, name);
  return spelt == nullptr ? std::string() : crypto::from_base64url(*spelt).value_or("");
}

bool may_verify(const JsonObject& key) {
  for (const std::string_view part : kPrivateParts)
    if (key.find(part) != nullptr) return false;
  if (key.find("use") != nullptr) {
    const std::string* use = text(key, "use");
    if (use == nullptr || *use != "sig") return false;
  }
  if (const JsonValue* operations = key.find("key_ops")) {
    const auto* list = operations->as<JsonArray>();
    if (list == nullptr || std::ranges::none_of(*list, [](const JsonValue& value) {
          const auto* operation = value.as<std::string>();
          return operation != nullptr && *operation == "verify";
        })) {
      return false;
    }
  }
  return true;
}

std::optional<crypto::PublicKey> public_key(const JsonObject& key) {
  const std::string* type = text(key, "kty");
  if (type == nullptr) return std::nullopt;
  auto made = [&]() -> std::expected<crypto::PublicKey, crypto::PublicKeyError> {
    if (*type == "RSA") return crypto::PublicKey::rsa(bytes(key, "n"), bytes(key, "e"));
    const std::string* curve = text(key, "crv");
    if (curve != nullptr && *type == "EC" && *curve == "P-256") {
      return crypto::PublicKey::p256(bytes(key, "x"), bytes(key, "y"));
    }
    if (curve != nullptr && *type == "EC" && *curve == "P-384") {
      return crypto::PublicKey::p384(bytes(key, "x"), bytes(key, "y"));
    }
    if (curve != nullptr && *type == "OKP" && *curve == "Ed25519") {
      return crypto::PublicKey::ed25519(bytes(key, "x"));
    }
    return std::unexpected(crypto::PublicKeyError::unsupported_type);
  }();
  if (!made) return std::nullopt;
  return std::move(*made);
}

std::optional<VerificationKey> verification_key(const JsonValue& value) {
  const auto* key = value.as<JsonObject>();
  if (key == nullptr || !may_verify(*key)) return std::nullopt;
  std::optional<std::string> id;
  if (key->find("kid") != nullptr) {
    const std::string* name = text(*key, "kid");
    // No token could name it.
    if (name == nullptr || name->size() > kMaxKeyIdBytes) return std::nullopt;
    id = *name;
  }
  std::optional<Algorithm> algorithm;
  if (key->find("alg") != nullptr) {
    const std::string* name = text(*key, "alg");
    if (name != nullptr) algorithm = parse_algorithm(*name);
    if (!algorithm) return std::nullopt;
  }
  auto made = public_key(*key);
  if (!made || (algorithm && crypto::key_type(*algorithm) != made->type())) return std::nullopt;
  return VerificationKey{std::move(id), algorithm, std::move(*made)};
}

}  // namespace

std::string_view to_string(KeySetError error) {
  switch (error) {
    case KeySetError::too_large: return "too_large";
    case KeySetError::not_json: return "not_json";
    case KeySetError::duplicate_member: return "duplicate_member";
    case KeySetError::too_complex: return "too_complex";
    case KeySetError::no_keys: return "no_keys";
    case KeySetError::too_many_keys: return "too_many_keys";
    case KeySetError::no_usable_key: return "no_usable_key";
  }
  return "unknown";
}

std::string_view describe(KeySetError error) {
  switch (error) {
    case KeySetError::too_large: return "the key set is larger than 1 MiB";
    case KeySetError::not_json: return "the key set is not a JSON object";
    case KeySetError::duplicate_member: return "the key set has a JSON member twice";
    case KeySetError::too_complex: return "the key set is nested too deeply or has too many values";
    case KeySetError::no_keys: return "the key set has no array of keys";
    case KeySetError::too_many_keys: return "the key set has more than 100 keys";
    case KeySetError::no_usable_key:
      return "the key set has no key that signatures could be verified with";
  }
  return "unknown";
}

std::expected<KeySet, KeySetError> KeySet::parse(std::string_view json) {
  if (json.size() > kMaxKeySetBytes) return std::unexpected(KeySetError::too_large);
  const auto object = parse_json_object(json, kKeySetLimits);
  if (!object) {
    switch (object.error()) {
      case JsonError::duplicate_member: return std::unexpected(KeySetError::duplicate_member);
      case JsonError::too_deep:
      case JsonError::too_many_values: return std::unexpected(KeySetError::too_complex);
      default: return std::unexpected(KeySetError::not_json);
    }
  }
  const JsonValue* member = object->find("keys");
  const auto* array = member == nullptr ? nullptr : member->as<JsonArray>();
  if (array == nullptr) return std::unexpected(KeySetError::no_keys);
  if (array->size() > kMaxKeys) return std::unexpected(KeySetError::too_many_keys);
  std::vector<VerificationKey> keys;
  for (const JsonValue& value : *array)
    if (auto key = verification_key(value)) keys.push_back(std::move(*key));
  if (keys.empty()) return std::unexpected(KeySetError::no_usable_key);
  KeySet set(std::move(keys));
  set.skipped_ = array->size() - set.keys_.size();
  return set;
}

std::vector<const VerificationKey*> KeySet::find(std::optional<std::string_view> key_id,
                                                 Algorithm algorithm) const {
  std::vector<const VerificationKey*> candidates;
  for (const VerificationKey& key : keys_) {
    if (key_id && key.id != *key_id) continue;
    if (key.key.type() != crypto::key_type(algorithm)) continue;
    if (key.algorithm && *key.algorithm != algorithm) continue;
    candidates.push_back(&key);
    if (candidates.size() == kMaxCandidates) break;
  }
  return candidates;
}

bool KeySet::has(std::string_view key_id) const {
  return std::ranges::any_of(keys_, [&](const VerificationKey& key) { return key.id == key_id; });
}

}  // namespace signet::identity
