#include "identity/aws_proof.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "crypto/hex.h"
#include "http/characters.h"
#include "identity/form.h"
#include "identity/json.h"

namespace signet::identity {

namespace {

constexpr std::string_view kGatewayHeader = "x-signet-gateway";

// The Regions of a partition begin so and go on with letters, "-" and a number. A looser rule would
// let in a bucket called "sts": sts.s3-us-west-2.amazonaws.com is whoever's made it.
struct Regions {
  std::string_view prefix;
  std::string_view partition;
  std::string_view suffix;
};
constexpr std::array<Regions, 12> kRegions{{
    {"us-gov-", "aws-us-gov", ".amazonaws.com"},
    {"us-", "aws", ".amazonaws.com"},
    {"eu-", "aws", ".amazonaws.com"},
    {"ap-", "aws", ".amazonaws.com"},
    {"sa-", "aws", ".amazonaws.com"},
    {"ca-", "aws", ".amazonaws.com"},
    {"me-", "aws", ".amazonaws.com"},
    {"af-", "aws", ".amazonaws.com"},
    {"il-", "aws", ".amazonaws.com"},
    {"mx-", "aws", ".amazonaws.com"},
    {"cn-", "aws-cn", ".amazonaws.com.cn"},
    {"eusc-de-", "aws-eusc", ".amazonaws.eu"},
}};

enum Parameter : std::size_t {
  kAction,
  kVersion,
  kAlgorithm,
  kCredential,
  kDate,
  kExpires,
  kSignedHeaders,
  kSignature,
  kToken,
  kParameters
};
constexpr std::array<std::string_view, kParameters> kNames{"Action",
                                                           "Version",
                                                           "X-Amz-Algorithm",
                                                           "X-Amz-Credential",
                                                           "X-Amz-Date",
                                                           "X-Amz-Expires",
                                                           "X-Amz-SignedHeaders",
                                                           "X-Amz-Signature",
                                                           "X-Amz-Security-Token"};
using Values = std::array<std::optional<std::string>, kParameters>;

std::unexpected<ProofFailure> failure(ProofError error, std::string detail) {
  return std::unexpected(ProofFailure{error, std::move(detail)});
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, http::character::is_digit);
}

// Between `prefix` and the end: letters, "-", one or two digits.
bool is_region(std::string_view region, std::string_view prefix) {
  if (!region.starts_with(prefix)) return false;
  region.remove_prefix(prefix.size());
  const std::size_t dash = std::min(region.find('-'), region.size());
  const std::string_view word = region.substr(0, dash);
  const bool letters = !word.empty() && word.size() <= 20 &&
                       std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
  const std::string_view number = region.substr(std::min(dash + 1, region.size()));
  return letters && is_digits(number) && number.size() <= 2;
}

struct Endpoint {
  std::string_view region;
  std::string_view partition;
};

std::optional<Endpoint> endpoint_of(std::string_view host) {
  for (const std::string_view service : {"sts.", "sts-fips."}) {
    if (!host.starts_with(service)) continue;
    const std::string_view rest = host.substr(service.size());
    for (const Regions& each : kRegions) {
      if (!rest.ends_with(each.suffix)) continue;
      const std::string_view region = rest.substr(0, rest.size() - each.suffix.size());
      if (is_region(region, each.prefix)) return Endpoint{region, each.partition};
    }
  }
  return std::nullopt;
}

struct Envelope {
  std::string url;
  std::string gateway;
};

std::expected<Envelope, ProofFailure> open_envelope(std::string_view body) {
  if (body.size() > kMaxProofBytes) {
    return failure(ProofError::malformed, "the proof is larger than 16 KiB");
  }
  JsonLimits limits;
  limits.depth = 2;
  limits.values = 8;
  const auto object = parse_json_object(body, limits);
  if (!object) {
    return failure(ProofError::malformed, fmt::format("the proof is {}", describe(object.error())));
  }
  const JsonValue* url_value = object->find("url");
  const JsonValue* headers_value = object->find("headers");
  const auto* url = url_value == nullptr ? nullptr : url_value->as<std::string>();
  const auto* headers = headers_value == nullptr ? nullptr : headers_value->as<JsonObject>();
  if (url == nullptr || headers == nullptr || object->members().size() != 2) {
    return failure(ProofError::malformed, "the proof is not one url and headers, and nothing else");
  }
  const JsonValue* gateway_value = headers->find(kGatewayHeader);
  if (gateway_value == nullptr) {
    return failure(ProofError::not_bound, "the proof comes without the header x-signet-gateway");
  }
  const auto* gateway = gateway_value->as<std::string>();
  if (gateway == nullptr || headers->members().size() != 1) {
    return failure(ProofError::malformed,
                   "the proof's headers are not x-signet-gateway alone, with a text");
  }
  return Envelope{*url, *gateway};
}

struct UrlParts {
  std::string_view host;
  std::string_view query;
};

std::expected<UrlParts, ProofFailure> split_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) {
    return failure(ProofError::bad_url, "the proof's URL does not begin with https://");
  }
  url.remove_prefix(kScheme.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos || !url.substr(slash).starts_with("/?")) {
    return failure(ProofError::bad_url, "the proof's URL has another path than /, or no query");
  }
  std::string_view host = url.substr(0, slash);
  if (host.ends_with(":443")) host.remove_suffix(4);
  return UrlParts{host, url.substr(slash + 2)};
}

std::expected<Values, ProofFailure> read_query(std::string_view query) {
  const auto parameters = parse_form(query);
  if (!parameters) {
    return failure(ProofError::bad_query,
                   parameters.error() == FormError::repeated
                       ? "a parameter of the proof's URL is there twice"
                       : "the proof's URL has a query that is none, or too large");
  }
  // What one reader decodes and the next does not would be two queries in one.
  if (form_text(*parameters) != query) {
    return failure(ProofError::bad_query,
                   "the proof's URL is not percent-encoded as Signature Version 4 has it");
  }
  Values values;
  for (const FormParameter& parameter : *parameters) {
    const auto* name = std::ranges::find(kNames, parameter.name);
    if (name == kNames.end()) {
      return failure(ProofError::bad_query,
                     "the proof's URL has a parameter that GetCallerIdentity does not need");
    }
    values[static_cast<std::size_t>(name - kNames.begin())] = parameter.value;
  }
  for (std::size_t i = 0; i < kToken; ++i) {
    if (!values[i]) {
      return failure(ProofError::bad_query, fmt::format("the proof's URL lacks {}", kNames[i]));
    }
  }
  return values;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  if (!is_digits(text) || text.size() > 9) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "20260131T120000Z" as Unix seconds.
std::optional<std::int64_t> parse_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(4, 2));
  const auto day = number(text.substr(6, 2));
  const auto hour = number(text.substr(9, 2));
  const auto minute = number(text.substr(11, 2));
  const auto second = number(text.substr(13, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + *second;
}

// KEY/DAY/REGION/sts/aws4_request.
std::expected<void, ProofFailure> check_credential(std::string_view credential,
                                                   std::string_view date, std::string_view region) {
  const std::size_t slash = std::min(credential.find('/'), credential.size());
  const std::string_view key = credential.substr(0, slash);
  const bool plain =
      key.size() >= 16 && key.size() <= 128 && std::ranges::all_of(key, [](char c) {
        return http::character::is_alpha(c) || http::character::is_digit(c) || c == '_';
      });
  if (!plain) return failure(ProofError::bad_credential, "the proof names no access key");
  const std::string scope = fmt::format("/{}/{}/sts/aws4_request", date.substr(0, 8), region);
  if (credential.substr(slash) != scope) {
    return failure(ProofError::bad_credential,
                   "the proof's credential scope is not its day, its host's Region, and sts");
  }
  return {};
}

// Until when the proof is good.
std::expected<std::int64_t, ProofFailure> check_times(std::string_view date,
                                                      std::string_view expires, std::int64_t now) {
  const auto made = parse_date(date);
  if (!made) return failure(ProofError::bad_query, "the proof's X-Amz-Date is no time");
  const auto life = number(expires);
  if (!life || expires.starts_with('0')) {
    return failure(ProofError::bad_query, "the proof's X-Amz-Expires is no number of seconds");
  }
  if (*life > kLongestProofSeconds) {
    return failure(ProofError::wrong_time,
                   fmt::format("the proof is good for more than {} s", kLongestProofSeconds));
  }
  if (*made > now + kProofClockSkew || *made < now - kProofClockSkew) {
    return failure(
        ProofError::wrong_time,
        fmt::format("the proof's X-Amz-Date is {} s away: a clock is wrong, or it is old",
                    std::max(*made - now, now - *made)));
  }
  if (now >= *made + *life) return failure(ProofError::wrong_time, "the proof has expired");
  return *made + *life;
}

// Lower case only: one signature, one spelling.
std::optional<crypto::Digest> parse_signature(std::string_view text) {
  const bool lower = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  crypto::Digest digest;
  const auto bytes = crypto::from_hex(text);
  if (!lower || !bytes || bytes->size() != digest.size()) return std::nullopt;
  std::ranges::transform(*bytes, digest.begin(), [](char c) { return static_cast<std::byte>(c); });
  return digest;
}

std::expected<void, ProofFailure> check_operation(const Values& values) {
  if (*values[kAction] != "GetCallerIdentity" || *values[kVersion] != "2011-06-15") {
    return failure(ProofError::other_action, "the proof asks STS for another operation");
  }
  if (*values[kAlgorithm] != "AWS4-HMAC-SHA256") {
    return failure(ProofError::bad_query, "the proof is signed by another algorithm");
  }
  // In this order, lower-case and sorted, as every signer writes them. Whatever else was signed
  // could not be sent.
  if (*values[kSignedHeaders] != "host;x-signet-gateway") {
    return failure(ProofError::not_bound,
                   "the proof signs other headers than host and "
                   "x-signet-gateway");
  }
  const bool token_fits =
      !values[kToken] ||
      (!values[kToken]->empty() &&
       std::ranges::all_of(*values[kToken], [](char c) { return c > 0x20 && c < 0x7F; }));
  if (!token_fits) return failure(ProofError::bad_query, "the proof's session token is none");
  return {};
}

}  // namespace

std::string_view to_string(ProofError error) {
  switch (error) {
    case ProofError::malformed: return "malformed";
    case ProofError::bad_url: return "bad_url";
    case ProofError::other_host: return "other_host";
    case ProofError::bad_query: return "bad_query";
    case ProofError::other_action: return "other_action";
    case ProofError::bad_credential: return "bad_credential";
    case ProofError::not_bound: return "not_bound";
    case ProofError::other_gateway: return "other_gateway";
    case ProofError::wrong_time: return "wrong_time";
    case ProofError::replayed: return "replayed";
    case ProofError::busy: return "busy";
    case ProofError::unreachable: return "unreachable";
    case ProofError::timed_out: return "timed_out";
    case ProofError::unavailable: return "unavailable";
    case ProofError::refused: return "refused";
    case ProofError::bad_answer: return "bad_answer";
    case ProofError::not_a_role: return "not_a_role";
    case ProofError::unknown_role: return "unknown_role";
  }
  return "unknown";
}

bool is_temporary(ProofError error) {
  return error == ProofError::replayed || error == ProofError::busy ||
         error == ProofError::unreachable || error == ProofError::timed_out ||
         error == ProofError::unavailable;
}

std::expected<AwsProof, ProofFailure> parse_aws_proof(std::string_view body,
                                                      std::string_view gateway, std::int64_t now) {
  const auto envelope = open_envelope(body);
  if (!envelope) return std::unexpected(envelope.error());
  const auto parts = split_url(envelope->url);
  if (!parts) return std::unexpected(parts.error());
  const auto endpoint = endpoint_of(parts->host);
  if (!endpoint) {
    return failure(ProofError::other_host, "the proof's host is no regional endpoint of STS");
  }
  const auto values = read_query(parts->query);
  if (!values) return std::unexpected(values.error());
  if (auto good = check_operation(*values); !good) return std::unexpected(good.error());
  if (gateway.empty() || envelope->gateway != gateway) {
    return failure(ProofError::other_gateway, "the proof was made for another gateway");
  }
  const auto until = check_times(*(*values)[kDate], *(*values)[kExpires], now);
  if (!until) return std::unexpected(until.error());
  auto scope = check_credential(*(*values)[kCredential], *(*values)[kDate], endpoint->region);
  if (!scope) return std::unexpected(scope.error());
  const auto signature = parse_signature(*(*values)[kSignature]);
  if (!signature) return failure(ProofError::bad_query, "the proof's signature is none");

  AwsProof proof;
  proof.host = parts->host;
  proof.partition = endpoint->partition;
  proof.query = parts->query;
  proof.gateway = gateway;
  proof.signature = *signature;
  proof.good_until = *until;
  return proof;
}

}  // namespace signet::identity
