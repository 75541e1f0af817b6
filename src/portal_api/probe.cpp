#include "portal_api/probe.h"

namespace signet::portal_api {

std::string_view message_for(Trouble trouble) {
  switch (trouble) {
    case Trouble::none: return {};
    case Trouble::no_address: return "The MLflow server's address cannot be found.";
    case Trouble::refused: return "The MLflow server refuses connections.";
    case Trouble::unreachable: return "The MLflow server cannot be reached.";
    case Trouble::tls: return "A secure connection to the MLflow server cannot be made.";
    case Trouble::timed_out: return "The MLflow server does not answer in time.";
    case Trouble::cannot_sign: return "Signet has no valid AWS credentials for this app just now.";
    case Trouble::denied: return "The MLflow server refuses Signet's requests.";
    case Trouble::failing: return "The MLflow server answers with errors.";
    case Trouble::bad_answer: return "The answer is not one that an MLflow server would give.";
  }
  return {};
}

}  // namespace signet::portal_api
