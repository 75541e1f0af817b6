#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace signet::credentials {

// What AssumeRole is asked for:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
struct Role {
  Role() = default;

  std::string arn;
  std::string session_name;     // seen in CloudTrail
  std::string external_id;      // empty: none
  std::string source_identity;  // empty: none
  std::string policy;           // a session policy, JSON; empty: none
  std::string region;           // whose STS is asked
  unsigned duration_seconds = 3600;

  bool operator==(const Role&) const = default;
};

// The name of sessions: "signet-" and `app`, less what AWS does not allow, at most 64 bytes.
std::string session_name_for(std::string_view app);

// AWS's limits on the parameters. The error is one sentence and repeats no value but the ARN's.
std::expected<void, std::string> check(const Role& role);

// The request's body: the Query protocol, form-encoded.
std::string assume_role_form(const Role& role);

}  // namespace signet::credentials
