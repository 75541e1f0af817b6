#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace signet::signing {

// What `signet sign` prints.
enum class Show { kAuthorization, kCanonicalRequest, kStringToSign, kRequest };

// Which headers it signs: all that are given, as botocore does, or those that the gateway would.
enum class Headers { kAll, kGateway };

struct SignOptions {
  std::string service;
  std::string region;
  // --time, e.g. 20150830T123600Z; empty: `now`.
  std::string time;
  Show show = Show::kAuthorization;
  Headers headers = Headers::kAll;
  bool normalize_path = true;
  // Unix seconds.
  std::int64_t now = 0;
  // Looks a variable of the environment up: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
  // AWS_SESSION_TOKEN. One that is set to nothing counts as not set.
  std::function<std::optional<std::string>(std::string_view name)> environment;
};

// `signet sign`: signs the raw HTTP/1.1 request on `in`, prints what was asked for and one newline
// to `out`, and returns the exit code: 0, 1 when reading or writing fails, 2 for wrong use, with a
// message on `err`. In the mode kAll it agrees byte for byte with botocore's SigV4Auth: every
// header is signed except those that intermediaries change, a given Date is set to the time and
// stands in for X-Amz-Date, a given X-Amz-Content-SHA256 is used and an absent one is not added.
int sign_command(const SignOptions& options, std::istream& in, std::ostream& out,
                 std::ostream& err);

}  // namespace signet::signing
