#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "identity/provider_metadata.h"
#include "identity/sign_in_attempt.h"

namespace signet::identity {

// Why a callback signs nobody in. The names of to_string() are metric labels.
enum class CallbackError : std::uint8_t {
  malformed,    // no query that we can read, or beyond its bounds
  repeated,     // a parameter twice
  no_state,     // without `state`
  no_answer,    // neither `code` nor `error`
  two_answers,  // both
  unasked,      // tokens in the query: the answer to a request that was never made
  other_state,  // of another attempt
  other_provider,
  too_old,
  no_issuer,     // without `iss`, though the provider always names itself
  other_issuer,  // from another issuer (mix-up, RFC 9207)
  // What the provider said, once all the above holds (RFC 6749 §4.1.2.1, Core §3.1.2.6):
  denied,              // the person or the provider does not want to
  interaction_needed,  // it would have to ask the person, which `prompt=none` forbade
  unavailable,         // later, perhaps
  refused              // something is wrong with the request, or with our registration
};
// Lower case with underscores.
std::string_view to_string(CallbackError error);
// One sentence for the operator. Repeats nothing of the callback.
std::string_view describe(CallbackError error);

// What a provider's redirect said. Nothing of it has been checked.
struct Callback {
  Callback() = default;
  std::string state;
  std::string code;   // "" when there is an error
  std::string error;  // "" when there is a code
  // For the operator's log. Whatever is not a letter, a digit, a space or plain punctuation is a
  // "?" and the rest is cut off: still, whoever shows it escapes it.
  std::string error_description;
  std::optional<std::string> issuer;  // `iss`
};

// Reads the callback's query (RFC 6749 §4.1.2, RFC 9207 §2), without "?": no parameter twice, all
// bounded. Parameters that are not known are ignored.
std::expected<Callback, CallbackError> parse_callback(std::string_view query);

// The code, when the callback answers this attempt: its state (compared in constant time), at the
// provider whose callback address was called, within kAttemptSeconds, from that provider's issuer
// (RFC 9207 §2.4: `iss` is compared byte by byte wherever it is, and must be there when the
// metadata says so). An error's provider is checked the same way before its words count.
std::expected<std::string, CallbackError> check_callback(const Callback& callback,
                                                         const SignInAttempt& attempt,
                                                         std::string_view provider,
                                                         const ProviderMetadata& metadata,
                                                         std::int64_t now);

}  // namespace signet::identity
