#pragma once

#include <optional>
#include <string>

#include "access/endpoint.h"
#include "config/config.h"
#include "gateway/payload.h"
#include "gateway/refusal_reply.h"
#include "origin/send_error.h"
#include "watch/gateway_metrics.h"

namespace signet::gateway {

// What a caller is told when the origin gave no answer: 503 with Retry-After when it cannot have
// acted, 502 or 504 without one when it may have, 4xx when the request's own body was at fault.
Refused refusal_of(const origin::SendError& error, const config::App& app);

// The same when the answer's body broke off before the client was told anything.
Refused refusal_of_answer(http::BodyError error, const config::App& app);

// The same when the body could not be collected for signing.
Refused refusal_of(const PayloadError& error);

// Which failure of an origin this is, for the metrics; nothing: none of its doing.
std::optional<watch::OriginFailure> failure_of(const origin::SendError& error);

// A managed MLflow serves no artifacts and says 503, which clients would retry for four minutes:
// this says 501 and what is missing. Multipart uploads need a certain beginning, on which clients
// fall back to a single PUT.
std::string managed_artifacts_answer(const access::Endpoint& endpoint);

}  // namespace signet::gateway
