#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/identity.h"
#include "identity/aws_proof.h"
#include "identity/person.h"

namespace signet::identity {

inline constexpr std::size_t kMaxCallerAnswer = 64 << 10;

// What STS says of whoever signed (GetCallerIdentity). Printable ASCII, all of it.
struct CallerIdentity {
  CallerIdentity() = default;
  std::string arn;
  std::string account;  // 12 digits
  std::string user_id;
};

// Reads the XML of an answer, in UTF-8, without a document type; elements that are not looked for
// are skipped, those that are must be there once. Errors: refused for an <ErrorResponse>, with its
// code in the detail; else bad_answer. STS writes JSON too for those who ask for it, but this is
// the form that its reference describes:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
std::expected<CallerIdentity, ProofFailure> parse_caller_identity(std::string_view xml);

// A session of a role.
struct AwsCaller {
  AwsCaller() = default;
  std::string partition;
  std::string account;
  std::string role;     // its name, without a path
  std::string session;  // e.g. an instance's id, or what was chosen in AssumeRole
  std::string user_id;
};

// The role of arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION. Everything else an ARN may say
// (users, root, federated users) is not_a_role. `partition` is that of the host which answered.
std::expected<AwsCaller, ProofFailure> role_of(const CallerIdentity& identity,
                                               std::string_view partition);

// Whether `pattern` (config::AwsRole::arn) means the caller's role. Partition, account and name are
// compared byte by byte; a "*" at the end stands for any letters, also none.
//
// An assumed role's ARN does not have the role's path. So a pattern without a path means the role
// of that name under any path: names are unique within an account, but whoever may create roles
// under one path only can take a name that is still free. A pattern with a path never fits: there
// is no telling whether it does.
bool role_fits(std::string_view pattern, const AwsCaller& caller);

// Who the caller is here: id "aws:ACCOUNT:role/NAME", the session as name, and the groups of every
// entry that fits. unknown_role when none does.
std::expected<Person, ProofFailure> person_of(const AwsCaller& caller,
                                              const std::vector<config::AwsRole>& roles);

}  // namespace signet::identity
