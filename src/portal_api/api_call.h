#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/method.h"
#include "identity/person.h"
#include "state/records.h"

// What the gateway asks /signet/api/v1 and what it says, for everything that needs the store. Plain
// values that own all they hold: they travel between the loop that has the connection and the home
// loop, which has the store.
namespace signet::portal_api {

// Who asks, as far as it was found out.
struct Caller {
  Caller() = default;
  identity::Person person;
  identity::Means means = identity::Means::session;
  bool is_admin = false;
  std::string provider;           // of a session, the configuration's name
  std::int64_t signed_in_at = 0;  // of a session, Unix seconds: the last proof of who they are
  std::int64_t ends_at = 0;       // of a session or a token, Unix seconds; 0: not known
  std::string token_id;           // of a token of ours
  // What the token that they came with is narrowed to.
  std::uint8_t at_most = state::kNoNarrowing;
  std::vector<std::string> apps;  // empty: all
};

struct ApiCall {
  ApiCall() = default;
  http::Method method = http::Method::get;
  std::string path;   // below /signet/api/v1, normalised, e.g. "/tokens"
  std::string query;  // without "?"
  std::string content_type;
  std::string body;  // at most kMaxApiBody bytes
  std::string client_address;
  std::optional<Caller> caller;  // nothing: nobody, for the paths that are for everybody
};

inline constexpr std::size_t kMaxApiBody = 64 << 10;

// Something for the audit log, e.g. "token-made".
struct ApiEvent {
  ApiEvent() = default;
  std::string event;
  std::string person;
  std::string detail;  // names no secret
};

struct ApiAnswer {
  ApiAnswer() = default;
  int status = 200;
  std::string body;     // JSON, or "" with 204
  std::string refusal;  // x-signet-refusal, "" when there is none
  std::string allow;    // of a 405
  int retry_after = 0;  // seconds
  std::string detail;   // of a refusal, for the operator
  std::optional<ApiEvent> event;
};

}  // namespace signet::portal_api
