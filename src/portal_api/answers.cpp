#include "portal_api/answers.h"

#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "http/characters.h"
#include "watch/json_text.h"

namespace signet::portal_api {

namespace {

std::string_view error_code_of(int status) {
  switch (status) {
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "RESOURCE_DOES_NOT_EXIST";
    case 409: return "RESOURCE_CONFLICT";
    case 429: return "REQUEST_LIMIT_EXCEEDED";
    case 503: return "TEMPORARILY_UNAVAILABLE";
    default: return "BAD_REQUEST";
  }
}

}  // namespace

ApiAnswer refused(int status, std::string_view refusal, std::string_view message,
                  std::string detail) {
  ApiAnswer answer;
  answer.status = status;
  answer.refusal = refusal;
  answer.body = "{";
  append_text(answer.body, "error_code", error_code_of(status));
  append_text(answer.body, "message", message);
  answer.body += "}\n";
  answer.detail = detail.empty() ? std::string(message) : std::move(detail);
  return answer;
}

ApiAnswer bad_request(std::string_view message) {
  return refused(400, "bad-request", message);
}

ApiAnswer not_allowed(std::string_view methods) {
  ApiAnswer answer =
      refused(405, "", fmt::format("This address takes {} and nothing else.", methods));
  answer.allow = methods;
  return answer;
}

ApiAnswer try_again(int seconds, std::string_view message, std::string detail) {
  ApiAnswer answer = refused(503, "overloaded", message, std::move(detail));
  answer.retry_after = seconds;
  return answer;
}

ApiAnswer unavailable(state::StoreError error, std::string_view of) {
  const int seconds = error == state::StoreError::full ? 60 : 5;
  return try_again(seconds, "This cannot be done at the moment. Try again later.",
                   fmt::format("the store was asked {}: {}", of, state::to_string(error)));
}

ApiAnswer answered(int status, std::string body) {
  ApiAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

ApiAnswer oauth_error(std::string_view error, std::string_view description, std::string detail) {
  ApiAnswer answer;
  answer.status = 400;
  const bool waits = error == "authorization_pending" || error == "slow_down";
  if (!waits) answer.refusal = error == "access_denied" ? "forbidden" : "bad-request";
  answer.body = "{";
  append_text(answer.body, "error", error);
  append_text(answer.body, "error_description", description);
  answer.body += "}\n";
  answer.detail = detail.empty() ? fmt::format("{}: {}", error, description) : std::move(detail);
  return answer;
}

std::optional<ApiAnswer> refuse_unless_fresh_session(const Caller& caller, std::int64_t now) {
  if (caller.means != identity::Means::session) {
    return refused(403, "forbidden", "This takes somebody who has signed in with a browser.",
                   "it was asked without a session");
  }
  // Clocks of several gateways and of the provider differ.
  constexpr std::int64_t kClockSkew = 60;
  const std::int64_t age = now - caller.signed_in_at;
  if (age > kFreshSignIn || age < -kClockSkew) {
    return refused(403, "sign-in-too-old",
                   "You signed in more than ten minutes ago. Sign in again to do this.",
                   fmt::format("the sign-in is {} seconds old", age));
  }
  return std::nullopt;
}

std::optional<ApiAnswer> refuse_query(const ApiCall& call) {
  if (call.query.empty()) return std::nullopt;
  return bad_request("This address takes no query.");
}

std::optional<ApiAnswer> refuse_body(const ApiCall& call) {
  if (call.body.empty()) return std::nullopt;
  return bad_request("This address takes no body.");
}

std::optional<ApiAnswer> refuse_unless_body(const ApiCall& call, std::string_view type) {
  if (auto refusal = refuse_query(call)) return refusal;
  if (call.body.size() > kMaxApiBody) return refused(413, "too-large", "The body is too large.");
  if (is_media_type(call.content_type, type)) return std::nullopt;
  return refused(415, "bad-request", fmt::format("The Content-Type is to be {}.", type));
}

bool acts_as_admin(const Caller& caller) {
  return caller.is_admin && caller.at_most == state::kNoNarrowing && caller.apps.empty();
}

bool is_media_type(std::string_view content_type, std::string_view type) {
  using http::character::equals_ignoring_case;
  const std::size_t semicolon = content_type.find(';');
  if (!equals_ignoring_case(http::character::trim(content_type.substr(0, semicolon)), type)) {
    return false;
  }
  if (semicolon == std::string_view::npos) return true;
  const std::string_view parameter = http::character::trim(content_type.substr(semicolon + 1));
  return equals_ignoring_case(parameter, "charset=utf-8") ||
         equals_ignoring_case(parameter, "charset=\"utf-8\"");
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  watch::append_json_name(out, name);
  watch::append_json_string(out, text);
}

void append_texts(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  watch::append_json_name(out, name);
  out += '[';
  for (const std::string& text : texts) {
    if (!out.ends_with('[')) out += ',';
    watch::append_json_string(out, text);
  }
  out += ']';
}

void append_time(std::string& out, std::string_view name, std::int64_t time) {
  watch::append_json_name(out, name);
  if (time == 0) {
    out += "null";
  } else {
    fmt::format_to(std::back_inserter(out), "\"{:%Y-%m-%dT%H:%M:%SZ}\"",
                   fmt::gmtime(static_cast<std::time_t>(time)));
  }
}

}  // namespace signet::portal_api
