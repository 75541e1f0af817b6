#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/records.h"

// The JSON bodies of the requests that make tokens and decide grants, read strictly: a member that
// is not known or is there twice, another type, or more than there can be is an error. Errors are
// one sentence for the caller and repeat nothing of the body; they live as long as the program.
namespace signet::portal_api {

inline constexpr std::size_t kMostTitleLetters = 100;
inline constexpr std::size_t kMostRequestedApps = 1000;
inline constexpr std::size_t kMostRequestedGroups = 100;
inline constexpr std::size_t kLongestGroup = 256;

// What POST /tokens asks for. Not compared yet with the configuration and the caller.
struct TokenRequest {
  TokenRequest() = default;
  std::string title;
  state::TokenKind kind = state::TokenKind::personal;  // or service
  std::optional<std::int64_t> lifetime_days;           // at least 1
  std::vector<std::string> apps;                       // each once; empty: all
  std::uint8_t at_most = state::kNoNarrowing;          // never 0
  std::vector<std::string> groups;                     // of a service: each once, at least one
};
std::expected<TokenRequest, std::string_view> read_token_request(std::string_view body);

// What POST /device/grants asks for.
struct GrantDecision {
  GrantDecision() = default;
  std::string user_code;  // as it was typed
  bool approve = false;
};
std::expected<GrantDecision, std::string_view> read_grant_decision(std::string_view body);

// 1 to kMostTitleLetters letters for people to read: no control characters, none that turns the
// direction of the text or shows as nothing, and no space at either end. `text` is UTF-8.
bool is_title(std::string_view text);
// [a-z0-9-]{1,63}: it becomes part of a person's id.
bool is_service_name(std::string_view text);

}  // namespace signet::portal_api
