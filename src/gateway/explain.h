#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "config/environment.h"

namespace signet::gateway {

struct ExplainOptions {
  std::string config_path;
  std::string person;
  std::vector<std::string> groups;
  std::string method;
  std::string path;  // as in a request line, e.g. "/apps/research/api/2.0/mlflow/runs/create"
};

// `signet explain`: what the gateway would do with this person's request, and why, without sending
// anything. Uses the parser, the routes and the rules that requests go through. The exit code: 0
// when there is an answer, whether it is yes or no; 2 for a bad configuration or request line.
int explain(const ExplainOptions& options, const config::Environment& environment,
            std::ostream& out, std::ostream& err);

}  // namespace signet::gateway
