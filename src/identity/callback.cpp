#include "identity/callback.h"

#include <algorithm>
#include <utility>

#include "crypto/secret.h"
#include "http/characters.h"
#include "identity/form.h"

namespace signet::identity {

namespace {

constexpr std::size_t kLongestState = 256;
// Entra's codes are the longest known, some 1.5 KiB.
constexpr std::size_t kLongestCode = 8 << 10;
constexpr std::size_t kLongestIssuer = 1024;
constexpr std::size_t kLongestError = 64;
constexpr std::size_t kLongestDescription = 200;
// Gateways' clocks differ by a minute at most.
constexpr std::int64_t kClockSkew = 60;

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7E; });
}

// RFC 6749 appendix A.7 allows more; every registered code is of this kind, and it is logged.
bool is_error_code(std::string_view text) {
  return text.size() <= kLongestError && std::ranges::all_of(text, [](char c) {
           return http::character::is_alpha(c) || http::character::is_digit(c) || c == '_' ||
                  c == '-' || c == '.';
         });
}

std::string harmless(std::string_view text) {
  std::string plain(text.substr(0, kLongestDescription));
  for (char& c : plain) {
    const bool kept = http::character::is_alpha(c) || http::character::is_digit(c) ||
                      (c != '\0' && std::string_view(" .,:;-_()/").contains(c));
    if (!kept) c = '?';
  }
  return plain;
}

CallbackError meaning_of(std::string_view error) {
  if (error == "access_denied") return CallbackError::denied;
  if (error == "server_error" || error == "temporarily_unavailable") {
    return CallbackError::unavailable;
  }
  for (const std::string_view asks : {"login_required", "interaction_required",
                                      "account_selection_required", "consent_required"}) {
    if (error == asks) return CallbackError::interaction_needed;
  }
  return CallbackError::refused;
}

}  // namespace

std::string_view to_string(CallbackError error) {
  switch (error) {
    case CallbackError::malformed: return "malformed";
    case CallbackError::repeated: return "repeated";
    case CallbackError::no_state: return "no_state";
    case CallbackError::no_answer: return "no_answer";
    case CallbackError::two_answers: return "two_answers";
    case CallbackError::unasked: return "unasked";
    case CallbackError::other_state: return "other_state";
    case CallbackError::other_provider: return "other_provider";
    case CallbackError::too_old: return "too_old";
    case CallbackError::no_issuer: return "no_issuer";
    case CallbackError::other_issuer: return "other_issuer";
    case CallbackError::denied: return "denied";
    case CallbackError::interaction_needed: return "interaction_needed";
    case CallbackError::unavailable: return "unavailable";
    case CallbackError::refused: return "refused";
  }
  return "unknown";
}

std::string_view describe(CallbackError error) {
  switch (error) {
    case CallbackError::malformed: return "the callback's query is malformed or too large";
    case CallbackError::repeated: return "the callback has a parameter twice";
    case CallbackError::no_state: return "the callback has no state";
    case CallbackError::no_answer: return "the callback has neither a code nor an error";
    case CallbackError::two_answers: return "the callback has both a code and an error";
    case CallbackError::unasked: return "the callback has tokens in its query: none were asked for";
    case CallbackError::other_state: return "the callback is not of this browser's sign-in";
    case CallbackError::other_provider: return "the sign-in was begun at another provider";
    case CallbackError::too_old: return "the sign-in was begun too long ago";
    case CallbackError::no_issuer:
      return "the callback does not name its issuer (iss), as this provider's do";
    case CallbackError::other_issuer: return "the callback is from another issuer (iss)";
    case CallbackError::denied: return "the provider says that access was denied";
    case CallbackError::interaction_needed:
      return "the provider would have to ask the person, which it was asked not to";
    case CallbackError::unavailable: return "the provider is out of order for now";
    case CallbackError::refused: return "the provider refuses the request: see its error code";
  }
  return "unknown";
}

std::expected<Callback, CallbackError> parse_callback(std::string_view query) {
  auto parameters = parse_form(query);
  if (!parameters) {
    return std::unexpected(parameters.error() == FormError::repeated ? CallbackError::repeated
                                                                     : CallbackError::malformed);
  }
  Callback callback;
  bool has_state = false;
  bool has_code = false;
  bool has_error = false;
  for (FormParameter& parameter : *parameters) {
    std::string& value = parameter.value;
    bool good = true;
    if (parameter.name == "state") {
      has_state = !value.empty();
      good = value.size() <= kLongestState && is_visible(value);
      callback.state = std::move(value);
    } else if (parameter.name == "code") {
      has_code = true;
      good = !value.empty() && value.size() <= kLongestCode && is_visible(value);
      callback.code = std::move(value);
    } else if (parameter.name == "iss") {
      good = value.size() <= kLongestIssuer;
      callback.issuer = std::move(value);
    } else if (parameter.name == "error") {
      has_error = true;
      good = !value.empty() && is_error_code(value);
      callback.error = std::move(value);
    } else if (parameter.name == "error_description") {
      callback.error_description = harmless(value);
    } else if (parameter.name == "id_token" || parameter.name == "access_token") {
      return std::unexpected(CallbackError::unasked);
    }
    if (!good) return std::unexpected(CallbackError::malformed);
  }
  if (has_code && has_error) return std::unexpected(CallbackError::two_answers);
  if (!has_code && !has_error) return std::unexpected(CallbackError::no_answer);
  if (!has_state) return std::unexpected(CallbackError::no_state);
  return callback;
}

std::expected<std::string, CallbackError> check_callback(const Callback& callback,
                                                         const SignInAttempt& attempt,
                                                         std::string_view provider,
                                                         const ProviderMetadata& metadata,
                                                         std::int64_t now) {
  if (attempt.state.empty() || !crypto::equal_constant_time(callback.state, attempt.state)) {
    return std::unexpected(CallbackError::other_state);
  }
  if (attempt.provider != provider) return std::unexpected(CallbackError::other_provider);
  if (now - attempt.begun_at >= kAttemptSeconds || attempt.begun_at > now + kClockSkew) {
    return std::unexpected(CallbackError::too_old);
  }
  if (!callback.issuer && metadata.callbacks_name_issuer) {
    return std::unexpected(CallbackError::no_issuer);
  }
  if (callback.issuer && *callback.issuer != metadata.issuer) {
    return std::unexpected(CallbackError::other_issuer);
  }
  if (!callback.error.empty()) return std::unexpected(meaning_of(callback.error));
  if (callback.code.empty()) return std::unexpected(CallbackError::no_answer);
  return callback.code;
}

}  // namespace signet::identity
