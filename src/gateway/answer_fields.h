#pragma once

#include <string_view>

#include "gateway/route.h"
#include "gateway/site.h"
#include "http/body.h"

namespace signet::gateway {

// What kind of answer an MLflow's route gives; decides caching and isolation (design §1.3).
enum class AnswerKind : std::uint8_t { page, static_file, data, api };
AnswerKind answer_kind(const Route& route);

// Everything the answer's fields depend on.
struct AnswerContext {
  const http::Request& request;
  const Route& route;
  const Site& site;
  std::string_view request_id;
  bool page_needs_eval;  // ui_needs_eval() of the app's MLflow
};

// Cleans an origin's fields for the client: what belongs to the origin's connection, its cookies,
// its policies and its identity goes; caching, isolation and x-request-id of ours come. `out` is
// empty; views of `from` are kept. With `edited` the body will not be the one the origin described:
// its length, tag and ranges go too (engine rule 9).
void add_answer_fields(const http::Fields& from, int status, const AnswerContext& context,
                       bool edited, http::Fields& out);

// A Location that stays inside the mount: relative ones are kept when they do, those that name the
// origin's own host are rebased. Empty: it leads elsewhere and is dropped.
std::string_view location_for_client(std::string_view location, const AnswerContext& context);

}  // namespace signet::gateway
