#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "identity/renewal.h"
#include "identity/sign_in_rig_for_tests.h"

namespace signet::identity {

inline std::string_view text_of(Renewal::Outcome outcome) {
  switch (outcome) {
    case Renewal::Outcome::renewed: return "renewed";
    case Renewal::Outcome::later: return "later";
    case Renewal::Outcome::ended: break;
  }
  return "ended";
}

// A provider, a store, and renewals under way.
class RenewalRig : public SignInRig {
 public:
  static runtime::Task<void> keep_result(runtime::Task<Renewal::Result> task,
                                         std::optional<Renewal::Result>& into) {
    into = co_await std::move(task);
  }
  Renewal::Result renew(const Session& session) { return get(renewal->renew(config, session)); }
  std::string outcome(const Session& session) {
    return std::string(text_of(renew(session).outcome));
  }
  void token_endpoint_says(unsigned status, const std::string& body) {
    fetcher.answers[kTokenAddress] = {status, body};
  }
  bool turn_until_asked(std::size_t times) {
    return turn_until([&] { return fetcher.count(kTokenAddress) >= times; });
  }

  std::optional<Renewal> renewal{std::in_place, parts};
};

}  // namespace signet::identity
