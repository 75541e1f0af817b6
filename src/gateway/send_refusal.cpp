#include "gateway/send_refusal.h"

#include <utility>

#include <fmt/format.h>

#include "watch/json_text.h"

namespace signet::gateway {

namespace {

using Kind = origin::SendError::Kind;
using watch::Refusal;

Refused of_body(http::BodyError error) {
  switch (error) {
    case http::BodyError::malformed:
      return {Refusal::bad_request, 400, "BAD_REQUEST", "The body's chunked framing is broken."};
    case http::BodyError::too_large:
      return {Refusal::too_large, 413, "BAD_REQUEST",
              "The body is larger than this gateway accepts."};
    case http::BodyError::stalled:
      return {Refusal::bad_request, 408, "BAD_REQUEST", "The body did not arrive in time."};
    case http::BodyError::gone: break;
  }
  return {Refusal::bad_request, 400, "BAD_REQUEST", "The body ended too early."};
}

Refused not_executed(Refusal reason, std::string_view message, int retry_after) {
  Refused refused(reason, 503, "TEMPORARILY_UNAVAILABLE", message);
  refused.retry_after = retry_after;
  return refused;
}

Refused by_kind(const origin::SendError& error) {
  switch (error.kind) {
    case Kind::no_address:
    case Kind::cannot_connect:
    case Kind::tls_failed:
      return not_executed(Refusal::origin_unreachable, "The app's MLflow cannot be reached.", 5);
    case Kind::queue_timed_out:
      return not_executed(Refusal::overloaded, "All connections to the app's MLflow are busy.", 1);
    case Kind::stamp_failed:
      return not_executed(Refusal::cannot_sign, "The gateway could not sign the request.", 5);
    case Kind::unsendable:
      return {Refusal::bad_request, 400, "BAD_REQUEST", "The request cannot be passed on."};
    case Kind::request_body: return of_body(error.body);
    case Kind::lost:
      return {Refusal::origin_lost, 502, "INTERNAL_ERROR",
              "The app's MLflow closed the connection; it may have acted on the request."};
    case Kind::bad_response:
      return {Refusal::origin_bad_response, 502, "INTERNAL_ERROR",
              "The app's MLflow gave an answer that is not lawful HTTP."};
    case Kind::response_timed_out:
    case Kind::send_timed_out: break;
  }
  return {Refusal::origin_timeout, 504, "DEADLINE_EXCEEDED",
          "The app's MLflow did not answer in time; it may have acted on the request."};
}

}  // namespace

Refused refusal_of(const origin::SendError& error, const config::App& app) {
  Refused refused = by_kind(error);
  std::string_view why = error.kind == Kind::request_body ? refused.message : error.detail;
  refused.detail = fmt::format("app {}: {}: {}", app.name, origin::to_string(error.kind), why);
  return refused;
}

Refused refusal_of(const PayloadError& error) {
  if (error.kind == PayloadError::Kind::body) return of_body(error.body);
  Refused refused =
      not_executed(Refusal::overloaded, "The gateway has no room for the body just now.", 10);
  refused.detail = error.detail;
  return refused;
}

Refused refusal_of_answer(http::BodyError error, const config::App& app) {
  using SendError = origin::SendError;
  Kind kind = error == http::BodyError::stalled     ? Kind::response_timed_out
              : error == http::BodyError::malformed ? Kind::bad_response
                                                    : Kind::lost;
  return refusal_of(SendError{.kind = kind, .detail = "the answer's body broke off"}, app);
}

std::optional<watch::OriginFailure> failure_of(const origin::SendError& error) {
  switch (error.kind) {
    case Kind::no_address: return watch::OriginFailure::resolve;
    case Kind::cannot_connect: return watch::OriginFailure::connect;
    case Kind::tls_failed: return watch::OriginFailure::tls;
    case Kind::lost: return watch::OriginFailure::lost;
    case Kind::bad_response: return watch::OriginFailure::bad_response;
    case Kind::queue_timed_out:
    case Kind::response_timed_out:
    case Kind::send_timed_out: return watch::OriginFailure::timeout;
    case Kind::stamp_failed:
    case Kind::unsendable:
    case Kind::request_body: break;
  }
  return std::nullopt;
}

std::string managed_artifacts_answer(const access::Endpoint& endpoint) {
  std::string_view message =
      endpoint.is_multipart
          ? "Multipart upload is not supported for the current artifact repository: the app's "
            "MLflow is managed by SageMaker and serves no artifacts."
          : "The app's MLflow is managed by SageMaker and serves no artifacts. Give the client "
            "access to the artifact bucket, or use an experiment whose artifact_location is an S3 "
            "URI that the client may reach; this version of Signet cannot broker artifacts yet.";
  std::string body = "{\"error_code\": \"NOT_IMPLEMENTED\", \"message\": ";
  watch::append_json_string(body, message);
  body += "}\n";
  return body;
}

}  // namespace signet::gateway
