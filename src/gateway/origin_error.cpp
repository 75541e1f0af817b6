#include "gateway/origin_error.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "watch/json_text.h"

namespace signet::gateway {

namespace {

struct Parsed {
  bool is_mlflows = false;
  std::string message;
};

Parsed parse(std::string_view body) {
  Parsed parsed;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return parsed;
  std::string_view text;
  if (root["error_code"].get(text) == simdjson::SUCCESS) {
    parsed.is_mlflows = true;
    return parsed;
  }
  for (const char* key : {"message", "Message"}) {
    if (root[key].get(text) == simdjson::SUCCESS) parsed.message = std::string(text);
  }
  return parsed;
}

// The name in "AccessDeniedException:http://internal.amazon.com/…".
std::string_view short_type(std::string_view error_type) {
  return error_type.substr(0, error_type.find(':'));
}

bool is_throttling(std::string_view type) {
  return type.starts_with("Throttl") || type.starts_with("TooManyRequests") ||
         type.starts_with("RequestLimitExceeded");
}

std::string_view error_code_of(int status) {
  switch (status) {
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "RESOURCE_DOES_NOT_EXIST";
    case 409: return "RESOURCE_CONFLICT";
    case 429: return "REQUEST_LIMIT_EXCEEDED";
    case 501: return "NOT_IMPLEMENTED";
    case 503: return "TEMPORARILY_UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
  }
}

}  // namespace

std::optional<ShapedError> shape_origin_error(const config::App& app, int status,
                                              std::string_view error_type, std::string_view body) {
  Parsed parsed = parse(body);
  if (parsed.is_mlflows) return std::nullopt;
  std::string_view type = short_type(error_type);
  if (is_throttling(type)) status = 429;
  std::string message =
      fmt::format("The MLflow of app {} answered with status {}", app.name, status);
  if (!type.empty()) message += fmt::format(" ({})", type);
  if (!parsed.message.empty()) message += ": " + parsed.message;
  ShapedError shaped{status, "{\"error_code\": "};
  watch::append_json_string(shaped.body, error_code_of(status));
  shaped.body += ", \"message\": ";
  watch::append_json_string(shaped.body, message);
  shaped.body += "}\n";
  return shaped;
}

bool blames_keys(std::string_view error_type, std::string_view body) {
  for (std::string_view sign : {"ExpiredToken", "InvalidToken", "InvalidClientTokenId",
                                "UnrecognizedClient", "InvalidAccessKeyId"}) {
    if (error_type.starts_with(sign) || body.contains(sign)) return true;
  }
  return false;
}

}  // namespace signet::gateway
