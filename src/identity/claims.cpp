#include "identity/claims.h"

#include <algorithm>
#include <utility>

namespace signet::identity {

namespace {

// Beyond it a double no longer tells one second from the next.
constexpr double kLatest = 9007199254740992.0;  // 2^53

const JsonValue* find_in(const JsonObject& object, std::string_view path) {
  if (const JsonValue* whole = object.find(path)) return whole;
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const JsonValue* outer = object.find(path.substr(0, dot));
  const auto* inner = outer == nullptr ? nullptr : outer->as<JsonObject>();
  return inner == nullptr ? nullptr : find_in(*inner, path.substr(dot + 1));
}

// The value as seconds; nothing when it is no number or an integer that a double would round.
std::optional<double> number(const JsonValue& value) {
  if (const auto* real = value.as<double>()) return *real;
  const auto* integer = value.as<std::int64_t>();
  if (integer == nullptr || *integer > static_cast<std::int64_t>(kLatest)) return std::nullopt;
  return static_cast<double>(*integer);
}

// A point of time with its fraction.
std::expected<std::optional<double>, ClaimsError> seconds(const JsonValue* value) {
  if (value == nullptr) return std::nullopt;
  const auto read = number(*value);
  if (!read || !(*read >= 0 && *read <= kLatest)) return std::unexpected(ClaimsError::bad_time);
  return read;
}

}  // namespace

std::string_view to_string(ClaimsError error) {
  switch (error) {
    case ClaimsError::malformed: return "malformed";
    case ClaimsError::duplicate_member: return "duplicate_member";
    case ClaimsError::wrong_type: return "wrong_type";
    case ClaimsError::bad_time: return "bad_time";
    case ClaimsError::no_expiry: return "no_expiry";
    case ClaimsError::expired: return "expired";
    case ClaimsError::not_yet_valid: return "not_yet_valid";
    case ClaimsError::issued_in_future: return "issued_in_future";
    case ClaimsError::wrong_issuer: return "wrong_issuer";
    case ClaimsError::wrong_audience: return "wrong_audience";
    case ClaimsError::wrong_party: return "wrong_party";
  }
  return "unknown";
}

std::string_view describe(ClaimsError error) {
  switch (error) {
    case ClaimsError::malformed: return "the token's claims are not a JSON object of sensible size";
    case ClaimsError::duplicate_member: return "the token says a claim twice";
    case ClaimsError::wrong_type: return "a claim of the token is of the wrong type";
    case ClaimsError::bad_time: return "a time in the token is not a number of seconds";
    case ClaimsError::no_expiry: return "the token does not say when it expires";
    case ClaimsError::expired: return "the token has expired";
    case ClaimsError::not_yet_valid: return "the token is not valid yet (nbf)";
    case ClaimsError::issued_in_future:
      return "the token was issued in the future (iat): a clock is wrong";
    case ClaimsError::wrong_issuer: return "the token is from another issuer";
    case ClaimsError::wrong_audience: return "the token is for another audience";
    case ClaimsError::wrong_party: return "the token was issued to another client (azp)";
  }
  return "unknown";
}

std::expected<Claims, ClaimsError> Claims::parse(std::string_view payload) {
  auto object = parse_json_object(payload);
  if (object) return Claims(std::move(*object));
  return std::unexpected(object.error() == JsonError::duplicate_member
                             ? ClaimsError::duplicate_member
                             : ClaimsError::malformed);
}

const JsonValue* Claims::find(std::string_view path) const {
  return find_in(object_, path);
}

std::expected<std::optional<std::string_view>, ClaimsError> Claims::text(
    std::string_view path) const {
  const JsonValue* value = find(path);
  if (value == nullptr) return std::nullopt;
  const auto* text = value->as<std::string>();
  if (text == nullptr) return std::unexpected(ClaimsError::wrong_type);
  return *text;
}

std::expected<std::vector<std::string_view>, ClaimsError> Claims::texts(
    std::string_view path) const {
  std::vector<std::string_view> found;
  const JsonValue* value = find(path);
  if (value == nullptr) return found;
  if (const auto* text = value->as<std::string>()) {
    found.emplace_back(*text);
    return found;
  }
  const auto* array = value->as<JsonArray>();
  if (array == nullptr) return std::unexpected(ClaimsError::wrong_type);
  for (const JsonValue& element : *array) {
    const auto* text = element.as<std::string>();
    if (text == nullptr) return std::unexpected(ClaimsError::wrong_type);
    found.emplace_back(*text);
  }
  return found;
}

std::expected<std::optional<bool>, ClaimsError> Claims::boolean(std::string_view path) const {
  const JsonValue* value = find(path);
  if (value == nullptr) return std::nullopt;
  if (const auto* given = value->as<bool>()) return *given;
  const auto* text = value->as<std::string>();
  if (text != nullptr && *text == "true") return true;
  if (text != nullptr && *text == "false") return false;
  return std::unexpected(ClaimsError::wrong_type);
}

std::expected<std::optional<std::int64_t>, ClaimsError> Claims::time(std::string_view path) const {
  const auto read = seconds(find(path));
  if (!read) return std::unexpected(read.error());
  if (!*read) return std::nullopt;
  return static_cast<std::int64_t>(**read);
}

std::expected<void, ClaimsError> Claims::check_times(std::int64_t now, std::int64_t skew) const {
  // Registered claims: by their name, never by a path.
  const auto expires = seconds(object_.find("exp"));
  const auto begins = seconds(object_.find("nbf"));
  const auto issued = seconds(object_.find("iat"));
  if (!expires || !begins || !issued) return std::unexpected(ClaimsError::bad_time);
  if (!*expires) return std::unexpected(ClaimsError::no_expiry);
  const auto earliest = static_cast<double>(now - skew);
  const auto latest = static_cast<double>(now + skew);
  if (**expires <= earliest) return std::unexpected(ClaimsError::expired);
  if (*begins && **begins > latest) return std::unexpected(ClaimsError::not_yet_valid);
  if (*issued && **issued > latest) return std::unexpected(ClaimsError::issued_in_future);
  return {};
}

std::expected<void, ClaimsError> Claims::check(const ClaimsRules& rules) const {
  const auto issuer = text("iss");
  const auto audiences = texts("aud");
  const auto party = text("azp");
  if (!issuer || !audiences || !party) return std::unexpected(ClaimsError::wrong_type);
  if (!*issuer || **issuer != rules.issuer) return std::unexpected(ClaimsError::wrong_issuer);
  const bool for_us = std::ranges::any_of(*audiences, [&](std::string_view audience) {
    return std::ranges::find(rules.audiences, audience) != rules.audiences.end();
  });
  if (!for_us) return std::unexpected(ClaimsError::wrong_audience);
  if (rules.client_id.empty()) return {};
  if (*party ? **party != rules.client_id : audiences->size() > 1) {
    return std::unexpected(ClaimsError::wrong_party);
  }
  return {};
}

}  // namespace signet::identity
