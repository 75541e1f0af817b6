#pragma once

#include <expected>

#include "credentials/failure.h"
#include "credentials/keys.h"
#include "credentials/role.h"
#include "credentials/variables.h"
#include "http/fetch.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "signing/request_signer.h"

namespace signet::credentials {

// AWS's Security Token Service, asked for one thing: AssumeRole, at the region's endpoint.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// Belongs to the loop of its fetcher; several calls may run at once. No call is repeated here.
class Sts {
 public:
  Sts(http::Fetcher& fetcher, const runtime::Clock& clock, Variables variables);

  // The role's keys; `with` signs the request. Both must stay valid until the task ends.
  runtime::Task<std::expected<Keys, SourceFailure>> assume(const signing::AccessKey& with,
                                                           const Role& role,
                                                           runtime::Time deadline);

 private:
  std::expected<http::FetchRequest, SourceFailure> compose(const signing::AccessKey& with,
                                                           const Role& role);

  http::Fetcher& fetcher_;
  const runtime::Clock& clock_;
  Variables variables_;
  signing::RequestSigner signer_;
};

// What an answer of STS means. `with` and `role` only tell which texts must not be repeated in the
// failure's reason. The keys have no origin yet.
std::expected<Keys, SourceFailure> read_answer(const http::FetchAnswer& answer,
                                               const signing::AccessKey& with, const Role& role);

}  // namespace signet::credentials
