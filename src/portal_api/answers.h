#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portal_api/api_call.h"
#include "state/error.h"

// What the answers of /signet/api/v1 have in common.
namespace signet::portal_api {

// {"error_code": …, "message": …} with MLflow's code for the status. `message` is for the caller,
// `detail` for the operator; "": the message says it all. `refusal` as x-signet-refusal has it.
ApiAnswer refused(int status, std::string_view refusal, std::string_view message,
                  std::string detail = {});
// 400 bad-request.
ApiAnswer bad_request(std::string_view message);
// 405 with the methods that are allowed.
ApiAnswer not_allowed(std::string_view methods);
// 503: what the store could not do. `of` is what was tried, e.g. "to add a token".
ApiAnswer unavailable(state::StoreError error, std::string_view of);
// 503 TEMPORARILY_UNAVAILABLE, to be tried again after so many seconds.
ApiAnswer try_again(int seconds, std::string_view message, std::string detail);
// An answer with this JSON object.
ApiAnswer answered(int status, std::string body);
// RFC 6749 §5.2, status 400. That somebody has to wait (RFC 8628 §3.5) is no refusal.
ApiAnswer oauth_error(std::string_view error, std::string_view description,
                      std::string detail = {});

// Whether the caller proved who they are within the last ten minutes in a browser: to make what
// lasts longer than a session. Nothing, or the 403.
std::optional<ApiAnswer> refuse_unless_fresh_session(const Caller& caller, std::int64_t now);
inline constexpr std::int64_t kFreshSignIn = 600;  // seconds
// An administrator, and not by a token that gives less than everything.
bool acts_as_admin(const Caller& caller);

// Whether the call has a body of this type that is not too large, and no query. Nothing, or the
// 400, 413 or 415.
std::optional<ApiAnswer> refuse_unless_body(const ApiCall& call, std::string_view type);
// Nothing, or the 400 for a body or query that has no meaning here.
std::optional<ApiAnswer> refuse_query(const ApiCall& call);
std::optional<ApiAnswer> refuse_body(const ApiCall& call);

// Whether a content type is `type`, with no parameter but charset=utf-8 (RFC 9110 §8.3).
bool is_media_type(std::string_view content_type, std::string_view type);

// Members of an object, with a comma where one is needed.
void append_text(std::string& out, std::string_view name, std::string_view text);
void append_texts(std::string& out, std::string_view name, const std::vector<std::string>& texts);
// Unix seconds as RFC 3339 in UTC; 0: null.
void append_time(std::string& out, std::string_view name, std::int64_t time);

}  // namespace signet::portal_api
