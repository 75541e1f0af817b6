#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/task.h"

namespace signet::http {

// A request of Signet's own making (STS, later OIDC and metadata), small and whole.
struct FetchRequest {
  std::string method;
  std::string url;  // absolute, http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  FetchRequest() = default;
};

struct FetchAnswer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // at most 1 MiB

  FetchAnswer() = default;
};

enum class FetchError : std::uint8_t {
  bad_url,
  unreachable,   // no address, refused, or TLS failed: nothing was sent
  lost,          // the connection ended before the answer did
  bad_response,  // not HTTP, or over a limit
  timed_out
};

struct FetchFailure {
  FetchError error;
  std::string detail;  // for the operator's log; holds no secret
};

// How the rooms below `origin` reach the network: no redirects are followed, TLS is verified.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  virtual runtime::Task<std::expected<FetchAnswer, FetchFailure>> fetch(FetchRequest request,
                                                                        runtime::Time deadline) = 0;
};

}  // namespace signet::http
