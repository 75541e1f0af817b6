#include "credentials/sts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "credentials/sts_answer.h"
#include "credentials/sts_endpoint.h"
#include "crypto/secret.h"
#include "signing/how_to_sign.h"
#include "signing/payload_hash.h"

namespace signet::credentials {

namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded; charset=utf-8";

struct KnownCode {
  std::string_view code;
  Cause cause;
};

// AssumeRole's own errors and the ones every AWS service may give:
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
constexpr std::array kKnownCodes{
    KnownCode{"AccessDenied", Cause::access_denied},
    KnownCode{"AccessDeniedException", Cause::access_denied},
    KnownCode{"OptInRequired", Cause::access_denied},
    KnownCode{"Throttling", Cause::throttled},
    KnownCode{"ThrottlingException", Cause::throttled},
    KnownCode{"ThrottledException", Cause::throttled},
    KnownCode{"RequestThrottled", Cause::throttled},
    KnownCode{"RequestLimitExceeded", Cause::throttled},
    KnownCode{"TooManyRequestsException", Cause::throttled},
    KnownCode{"SlowDown", Cause::throttled},
    KnownCode{"ExpiredToken", Cause::keys_expired},
    KnownCode{"ExpiredTokenException", Cause::keys_expired},
    KnownCode{"RequestExpired", Cause::keys_rejected},
    KnownCode{"InvalidClientTokenId", Cause::keys_rejected},
    KnownCode{"InvalidAccessKeyId", Cause::keys_rejected},
    KnownCode{"InvalidToken", Cause::keys_rejected},
    KnownCode{"UnrecognizedClientException", Cause::keys_rejected},
    KnownCode{"SignatureDoesNotMatch", Cause::keys_rejected},
    KnownCode{"IncompleteSignature", Cause::keys_rejected},
    KnownCode{"AuthFailure", Cause::keys_rejected},
    KnownCode{"RegionDisabledException", Cause::region_disabled},
    KnownCode{"ValidationError", Cause::malformed_request},
    KnownCode{"MalformedPolicyDocument", Cause::malformed_request},
    KnownCode{"PackedPolicyTooLarge", Cause::malformed_request},
    KnownCode{"MissingParameter", Cause::malformed_request},
    KnownCode{"InvalidParameterValue", Cause::malformed_request},
    KnownCode{"InvalidParameterCombination", Cause::malformed_request},
    KnownCode{"InternalFailure", Cause::server_error},
    KnownCode{"InternalError", Cause::server_error},
    KnownCode{"ServiceUnavailable", Cause::server_error},
};

Cause cause_of(std::string_view code, unsigned status) {
  for (const KnownCode& known : kKnownCodes) {
    if (known.code == code) return known.cause;
  }
  if (status >= 500) return Cause::server_error;
  if (status == 429) return Cause::throttled;
  if (status == 403) return Cause::access_denied;
  return Cause::malformed_request;
}

// STS explains itself well, but repeats parameters, and of a wrong signature the whole canonical
// request with the session token.
std::string explanation(const StsRefusal& refusal, Cause cause, const signing::AccessKey& with,
                        const Role& role) {
  std::string_view message = refusal.message;
  if (cause == Cause::keys_rejected || cause == Cause::keys_expired) {
    bool skewed = message.contains("Signature expired") ||
                  message.contains("Signature not yet current") || refusal.code == "RequestExpired";
    return skewed ? ": this machine's clock differs from that of AWS" : "";
  }
  for (std::string_view secret :
       {std::string_view(with.secret), std::string_view(with.token),
        std::string_view(role.external_id), std::string_view(role.policy)}) {
    if (!secret.empty() && message.contains(secret)) return "";
  }
  return message.empty() ? "" : fmt::format(": {}", message.substr(0, 400));
}

// Seconds only: AWS sends no dates here.
std::optional<runtime::Duration> retry_after(const http::FetchAnswer& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (name != "retry-after") continue;
    unsigned seconds = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end == value.data() + value.size()) {
      return std::chrono::seconds(seconds);
    }
  }
  return std::nullopt;
}

Cause cause_of(http::FetchError error) {
  switch (error) {
    case http::FetchError::bad_url: return Cause::misconfigured;
    case http::FetchError::unreachable: return Cause::unreachable;
    case http::FetchError::lost: return Cause::unreachable;
    case http::FetchError::bad_response: return Cause::bad_answer;
    case http::FetchError::timed_out: return Cause::timed_out;
  }
  return Cause::bad_answer;
}

std::string_view phrase(http::FetchError error) {
  switch (error) {
    case http::FetchError::bad_url: return "its address is not one";
    case http::FetchError::unreachable: return "it cannot be reached";
    case http::FetchError::lost: return "the connection ended before its answer did";
    case http::FetchError::bad_response: return "its answer is not HTTP";
    case http::FetchError::timed_out: return "it does not answer in time";
  }
  return "it cannot be reached";
}

}  // namespace

Sts::Sts(http::Fetcher& fetcher, const runtime::Clock& clock, Variables variables)
    : fetcher_(fetcher), clock_(clock), variables_(std::move(variables)) {}

std::expected<http::FetchRequest, SourceFailure> Sts::compose(const signing::AccessKey& with,
                                                              const Role& role) {
  if (auto fine = check(role); !fine) {
    return std::unexpected(SourceFailure(Cause::misconfigured, fine.error()));
  }
  auto endpoint = sts_endpoint(role.region, variables_);
  if (!endpoint) return std::unexpected(endpoint.error());

  http::FetchRequest request;
  request.method = "POST";
  request.url = endpoint->url;
  request.body = assume_role_form(role);

  signing::PayloadHash hash;
  hash.update(request.body);
  auto digest = hash.finish();
  std::array<signing::SignedHeader, 2> headers{
      {{"host", endpoint->authority}, {"content-type", kFormType}}};
  signing::Outbound outbound{.method = request.method,
                             .path = endpoint->path,
                             .query = {},
                             .headers = headers,
                             .payload_hash = crypto::view(digest)};
  auto how = signing::how_to_sign("sts", role.region);
  // Host is the fetcher's to send, from the same URL.
  request.headers.emplace_back("content-type", kFormType);
  for (const auto& added : signer_.sign(outbound, with, how, clock_.unix_seconds()))
    request.headers.emplace_back(added.name, added.value);
  return request;
}

runtime::Task<std::expected<Keys, SourceFailure>> Sts::assume(const signing::AccessKey& with,
                                                              const Role& role,
                                                              runtime::Time deadline) {
  CO_TRY(http::FetchRequest request, compose(with, role));
  std::string url = request.url;
  auto fetching = fetcher_.fetch(std::move(request), deadline);
  auto answer = co_await std::move(fetching);
  if (!answer) {
    const http::FetchFailure& failure = answer.error();
    std::string detail = failure.detail.empty() ? "" : fmt::format(" ({})", failure.detail);
    co_return std::unexpected(SourceFailure(
        cause_of(failure.error), fmt::format("role {} cannot be assumed at {}: {}{}", role.arn, url,
                                             phrase(failure.error), detail)));
  }
  auto keys = read_answer(*answer, with, role);
  crypto::wipe(answer->body);
  if (!keys) {
    SourceFailure failure = std::move(keys.error());
    failure.reason =
        fmt::format("role {} cannot be assumed at {}: {}", role.arn, url, failure.reason);
    co_return std::unexpected(std::move(failure));
  }
  co_return std::move(*keys);
}

std::expected<Keys, SourceFailure> read_answer(const http::FetchAnswer& answer,
                                               const signing::AccessKey& with, const Role& role) {
  if (answer.status >= 300 && answer.status < 400) {
    return std::unexpected(SourceFailure(
        Cause::bad_answer,
        fmt::format("STS answered {}, and redirects are not followed", answer.status)));
  }
  auto parsed = parse_sts_answer(answer.body);
  SourceFailure failure;
  if (auto* keys = std::get_if<Keys>(&parsed)) {
    if (answer.status == 200) return std::move(*keys);
    failure = SourceFailure(Cause::bad_answer,
                            fmt::format("STS answered {} with credentials", answer.status));
  } else if (auto* refusal = std::get_if<StsRefusal>(&parsed)) {
    Cause cause = cause_of(refusal->code, answer.status);
    failure = SourceFailure(cause, fmt::format("STS answered {} {}{}", answer.status, refusal->code,
                                               explanation(*refusal, cause, with, role)));
  } else {
    Cause cause = answer.status >= 500   ? Cause::server_error
                  : answer.status == 429 ? Cause::throttled
                                         : Cause::bad_answer;
    failure =
        SourceFailure(cause, fmt::format("STS answered {} with something else than its XML: {}",
                                         answer.status, std::get<StsGarbage>(parsed).what));
  }
  failure.retry_after = retry_after(answer);
  return std::unexpected(std::move(failure));
}

}  // namespace signet::credentials
