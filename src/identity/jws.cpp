#include "identity/jws.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/base64.h"

namespace signet::identity {

namespace {

constexpr std::array<std::string_view, crypto::kSignatureAlgorithms> kNames{
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"};

constexpr std::size_t kMaxTypeBytes = 256;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;
};

std::expected<Parts, JwsError> split(std::string_view compact) {
  const auto dots = std::ranges::count(compact, '.');
  if (dots == 4) return std::unexpected(JwsError::encrypted);
  if (dots != 2) return std::unexpected(JwsError::not_compact);
  const std::size_t first = compact.find('.');
  const std::size_t second = compact.find('.', first + 1);
  const Parts parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
                    compact.substr(second + 1), compact.substr(0, second)};
  return parts;
}

std::optional<std::string> decode(std::string_view text, Base64Form form) {
  if (form == Base64Form::padded) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
      text.remove_suffix(1);
  }
  return crypto::from_base64url(text);
}

// A text that can be compared, logged and counted without a second thought.
bool is_tame(std::string_view text, std::size_t most) {
  return text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// The string `name` of the header: false when it is there and not a tame string.
bool read_text(const JsonObject& header, std::string_view name, std::size_t most,
               std::optional<std::string>& into) {
  const JsonValue* member = header.find(name);
  if (member == nullptr) return true;
  const auto* text = member->as<std::string>();
  if (text == nullptr || !is_tame(*text, most)) return false;
  into = *text;
  return true;
}

std::expected<void, JwsError> read_header(const JwsLimits& limits, Jws& jws) {
  const JsonValue* name = jws.header.find("alg");
  const auto* text = name == nullptr ? nullptr : name->as<std::string>();
  if (text == nullptr) return std::unexpected(JwsError::algorithm_missing);
  const auto algorithm = parse_algorithm(*text);
  if (!algorithm || !limits.algorithms.contains(*algorithm)) {
    return std::unexpected(JwsError::algorithm_refused);
  }
  jws.algorithm = *algorithm;
  if (jws.header.find("crit") != nullptr) return std::unexpected(JwsError::critical);
  if (jws.header.find("b64") != nullptr) return std::unexpected(JwsError::unencoded_payload);
  if (!read_text(jws.header, "typ", kMaxTypeBytes, jws.type)) {
    return std::unexpected(JwsError::type_malformed);
  }
  if (!read_text(jws.header, "kid", kMaxKeyIdBytes, jws.key_id)) {
    return std::unexpected(JwsError::key_id_malformed);
  }
  return {};
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  const auto* at = std::ranges::find(kNames, name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Algorithm>(at - kNames.begin());
}

std::string_view to_string(Algorithm algorithm) {
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::string_view to_string(JwsError error) {
  switch (error) {
    case JwsError::too_large: return "too_large";
    case JwsError::encrypted: return "encrypted";
    case JwsError::not_compact: return "not_compact";
    case JwsError::not_base64url: return "not_base64url";
    case JwsError::header_malformed: return "header_malformed";
    case JwsError::algorithm_missing: return "algorithm_missing";
    case JwsError::algorithm_refused: return "algorithm_refused";
    case JwsError::critical: return "critical";
    case JwsError::unencoded_payload: return "unencoded_payload";
    case JwsError::type_malformed: return "type_malformed";
    case JwsError::key_id_malformed: return "key_id_malformed";
    case JwsError::unknown_key: return "unknown_key";
    case JwsError::unfit_key: return "unfit_key";
    case JwsError::bad_signature: return "bad_signature";
  }
  return "unknown";
}

std::string_view describe(JwsError error) {
  switch (error) {
    case JwsError::too_large: return "the token is too large";
    case JwsError::encrypted: return "the token is encrypted (JWE)";
    case JwsError::not_compact: return "the token is not a compact JWS of three parts";
    case JwsError::not_base64url:
      return "a part of the token is not base64url in the one spelling allowed";
    case JwsError::header_malformed:
      return "the token's header is not a JSON object that says everything once";
    case JwsError::algorithm_missing: return "the token's header names no algorithm";
    case JwsError::algorithm_refused: return "the token's algorithm is not allowed";
    case JwsError::critical: return "the token's header demands an extension (crit)";
    case JwsError::unencoded_payload: return "the token's header has b64";
    case JwsError::type_malformed: return "the token's typ is not a short, printable string";
    case JwsError::key_id_malformed: return "the token's kid is not a short, printable string";
    case JwsError::unknown_key: return "the issuer's key set has no key for the token";
    case JwsError::unfit_key: return "the key that the token names is for another algorithm";
    case JwsError::bad_signature: return "the token's signature is not the issuer's";
  }
  return "unknown";
}

std::expected<Jws, JwsError> parse_jws(std::string_view compact, const JwsLimits& limits) {
  if (compact.size() > limits.bytes) return std::unexpected(JwsError::too_large);
  const auto parts = split(compact);
  if (!parts) return std::unexpected(parts.error());
  if (parts->header.empty() || parts->payload.empty()) {
    return std::unexpected(JwsError::not_compact);
  }
  auto header = decode(parts->header, limits.form);
  auto payload = decode(parts->payload, limits.form);
  auto signature = decode(parts->signature, limits.form);
  if (!header || !payload || !signature) return std::unexpected(JwsError::not_base64url);

  auto object = parse_json_object(*header);
  if (!object) return std::unexpected(JwsError::header_malformed);
  Jws jws;
  jws.header = std::move(*object);
  if (auto read = read_header(limits, jws); !read) return std::unexpected(read.error());
  // Asked last, so that "none" is called by its name.
  if (signature->empty()) return std::unexpected(JwsError::not_compact);
  jws.signing_input = parts->signing_input;
  jws.payload = std::move(*payload);
  jws.signature = std::move(*signature);
  return jws;
}

bool has_type(const Jws& jws, std::string_view wanted) {
  if (!jws.type) return false;
  constexpr std::string_view kPrefix = "application/";
  const auto same = [](std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
  };
  std::string_view type = *jws.type;
  if (type.size() > kPrefix.size() && same(type.substr(0, kPrefix.size()), kPrefix)) {
    type.remove_prefix(kPrefix.size());
  }
  return same(type, wanted);
}

}  // namespace signet::identity
