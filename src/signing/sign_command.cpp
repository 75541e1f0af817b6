#include "signing/sign_command.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <expected>
#include <istream>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "signing/payload_hash.h"
#include "signing/raw_request.h"
#include "signing/request_signer.h"
#include "signing/target_parts.h"

namespace signet::signing {

namespace {

// A wrong use, as its message; exit code 2.
using Problem = std::string;

// The headers that something between client and service may add, drop or change: botocore's list.
constexpr std::array<std::string_view, 14> kNotSigned{
    "baggage",    "connection",         "expect",
    "keep-alive", "proxy-authenticate", "proxy-authorization",
    "te",         "traceparent",        "tracestate",
    "trailer",    "transfer-encoding",  "upgrade",
    "user-agent", "x-amzn-trace-id"};

std::expected<AccessKey, Problem> key_from_environment(const SignOptions& options) {
  const auto value_of = [&options](std::string_view name) {
    return options.environment(name).value_or("");
  };
  AccessKey key{value_of("AWS_ACCESS_KEY_ID"), value_of("AWS_SECRET_ACCESS_KEY"),
                value_of("AWS_SESSION_TOKEN")};
  if (key.id.empty()) return std::unexpected("AWS_ACCESS_KEY_ID is not set");
  if (key.secret.empty()) return std::unexpected("AWS_SECRET_ACCESS_KEY is not set");
  return key;
}

bool is_scope_word(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return c > ' ' && c < 0x7F && c != '/'; });
}

// The Date header as botocore writes it (RFC 5322 §3.3, in UTC).
std::string internet_date(const AmzDate& date) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds moment{std::chrono::seconds(date.unix_seconds())};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day day{midnight};
  const std::string_view text = date.text();
  return fmt::format("{}, {} {} {} {}:{}:{} -0000",
                     kDays[std::chrono::weekday(midnight).c_encoding()], text.substr(6, 2),
                     kMonths[static_cast<unsigned>(day.month()) - 1], text.substr(0, 4),
                     text.substr(9, 2), text.substr(11, 2), text.substr(13, 2));
}

std::vector<SignedHeader> views_of(const RawRequest& request) {
  std::vector<SignedHeader> headers;
  headers.reserve(request.headers.size());
  for (const RawHeader& header : request.headers)
    headers.push_back({header.name, header.value});
  return headers;
}

std::string upper(std::string_view text) {
  std::string raised(text);
  for (char& c : raised) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return raised;
}

// Everything that one run of the command works on.
struct Job {
  RawRequest request;
  TargetParts target;
  AccessKey key;
  HowToSign how;
  AmzDate date;
};

// As botocore: prepares the date and token headers, then signs every header but kNotSigned.
void sign_all_headers(Job& job, Signer& signer, Signature& signature) {
  RawRequest& request = job.request;
  request.remove("authorization");
  if (request.header("date") != nullptr) {
    request.set("Date", internet_date(job.date));
    request.remove("x-amz-date");
  } else {
    request.set("X-Amz-Date", job.date.text());
  }
  if (!job.key.token.empty()) request.set("X-Amz-Security-Token", job.key.token);

  PayloadHash hash;
  hash.update(request.body);
  const crypto::HexDigest body_hash = hash.finish();
  const std::string* given_hash = request.header("x-amz-content-sha256");

  std::vector<SignedHeader> headers = views_of(request);
  std::erase_if(headers, [](const SignedHeader& header) {
    return std::ranges::find(kNotSigned, header.name) != kNotSigned.end();
  });
  const std::string method = upper(request.method);
  const Signable signable{method, job.target.path, job.target.query, headers,
                          given_hash != nullptr ? *given_hash : crypto::view(body_hash)};
  signature = signer.sign(signable, job.key, job.how, job.date);
  request.set("Authorization", signature.authorization);
}

// The very code that signs the gateway's requests.
void sign_as_gateway(Job& job, RequestSigner& signer, Signature& signature) {
  RawRequest& request = job.request;
  PayloadHash hash;
  hash.update(request.body);
  const crypto::HexDigest body_hash = hash.finish();
  std::erase_if(request.headers,
                [](const RawHeader& header) { return RequestSigner::adds(header.name); });

  const std::vector<SignedHeader> headers = views_of(request);
  const Outbound outbound{request.method, job.target.path, job.target.query, headers,
                          crypto::view(body_hash)};
  for (const SignedHeader& added :
       signer.sign(outbound, job.key, job.how, job.date.unix_seconds())) {
    request.set(added.name, added.value);
  }
  signature = signer.last();
}

std::expected<Job, Problem> prepare(const SignOptions& options, std::string_view text) {
  if (!is_scope_word(options.service)) return std::unexpected("--service is not a service's name");
  if (!is_scope_word(options.region)) return std::unexpected("--region is not a region's name");
  std::optional<AmzDate> date(std::in_place, options.now);
  if (!options.time.empty()) date = AmzDate::parse(options.time);
  if (!date) return std::unexpected("--time must be spelled like 20150830T123600Z, in UTC");

  auto key = key_from_environment(options);
  if (!key) return std::unexpected(std::move(key.error()));
  auto request = read_raw_request(text);
  if (!request) return std::unexpected(std::move(request.error()));
  auto target = target_parts(request->target);
  if (!target) return std::unexpected(std::move(target.error()));

  HowToSign how = how_to_sign(options.service, options.region);
  if (options.normalize_path && !is_s3(how.service)) target->path = normalized_path(target->path);
  if (request->header("host") == nullptr) {
    if (target->host.empty()) return std::unexpected("there is no Host header");
    request->set("Host", target->host);
  }
  return Job{std::move(*request), std::move(*target), std::move(*key), std::move(how), *date};
}

// What is allowed, but most likely the reason why somebody is looking.
void warn(const Job& job, const SignOptions& options, std::ostream& err) {
  const RawRequest& request = job.request;
  const std::string* length = request.header("content-length");
  if (length != nullptr && *length != fmt::to_string(request.body.size())) {
    err << fmt::format(
        "signet sign: warning: Content-Length is {}, but the body on standard input has {} bytes\n",
        *length, request.body.size());
  }
  if (is_s3(options.service) && options.headers == Headers::kAll &&
      request.header("x-amz-content-sha256") == nullptr) {
    err << "signet sign: warning: S3 refuses requests without x-amz-content-sha256\n";
  }
}

std::string read_all(std::istream& in) {
  std::string text;
  std::array<char, 16384> piece;
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  return text;
}

}  // namespace

int sign_command(const SignOptions& options, std::istream& in, std::ostream& out,
                 std::ostream& err) {
  const std::string text = read_all(in);
  if (in.bad()) {
    err << "signet sign: cannot read standard input\n";
    return 1;
  }
  auto job = prepare(options, text);
  if (!job) {
    err << "signet sign: " << job.error() << '\n';
    return 2;
  }
  warn(*job, options, err);

  Signer signer(1);
  RequestSigner gateway(1);
  Signature signature;
  if (options.headers == Headers::kAll) {
    sign_all_headers(*job, signer, signature);
  } else {
    sign_as_gateway(*job, gateway, signature);
  }
  switch (options.show) {
    case Show::kAuthorization: out << signature.authorization; break;
    case Show::kCanonicalRequest: out << signature.canonical_request; break;
    case Show::kStringToSign: out << signature.string_to_sign; break;
    case Show::kRequest: out << job->request.text(); break;
  }
  out << '\n' << std::flush;
  if (!out) {
    err << "signet sign: cannot write to standard output\n";
    return 1;
  }
  return 0;
}

}  // namespace signet::signing
