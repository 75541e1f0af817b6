#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "identity/sign_in.h"

namespace signet::identity {

// Asks providers again, now and then, whether the people of our sessions still hold (Core §12). On
// the home loop.
class Renewal {
 public:
  explicit Renewal(const SignInParts& parts) : parts_(parts) {}

  enum class Outcome : std::uint8_t {
    renewed,  // `session` is the newer one
    later,    // the provider or the store could not be asked, or another gateway asks: go on
    ended     // the provider no longer vouches: the session is revoked
  };
  struct Result {
    Result() = default;
    Outcome outcome = Outcome::later;
    Session session;
    std::string detail;  // for the operator
  };

  // Uses the session's refresh token once, however many ask at once and on however many gateways:
  // those who come within a minute after it get the same result.
  runtime::Task<Result> renew(SharedConfig config, Session session);

 private:
  struct Flight {
    explicit Flight(std::string of) : name(std::move(of)) {}
    std::string name;
    bool done = false;
    Result result;
    runtime::Time settled_at{};
    runtime::WaitList settled;
    unsigned waiting = 0;
  };
  void drop_old();
  runtime::Task<Result> ask(SharedConfig config, Session session);
  runtime::Task<Result> end(SharedConfig config, Session session, std::string why);

  SignInParts parts_;
  std::list<Flight> flights_;
};

}  // namespace signet::identity
