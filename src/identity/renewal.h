#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "identity/sign_in.h"
#include "runtime/task_set.h"

namespace signet::identity {

// Asks providers again, now and then, whether the people of our sessions still hold (Core §12). On
// the home loop.
class Renewal {
 public:
  explicit Renewal(const SignInParts& parts) : parts_(parts), tasks_(parts.home) {}
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  enum class Outcome : std::uint8_t {
    renewed,  // `session` is the newer one
    later,    // the provider or the store could not be asked, or another gateway asks: go on
    ended     // the provider no longer vouches: the session is revoked
  };
  struct Result {
    Result() = default;
    Outcome outcome = Outcome::later;
    Session session;     // its idle lifetime counts as before: nobody need have been there
    std::string detail;  // for the operator
  };

  // Uses the session's refresh token once, however many ask at once and on however many gateways.
  // Those who come within a minute after it with the older cookie get the same result; so do those
  // who come when it could not be done. Nobody waits longer than six seconds: then it is `later`,
  // and goes on, also when everybody who asked is destroyed.
  runtime::Task<Result> renew(SharedConfig config, Session session);

  // Of how many sessions a result is remembered, or under way.
  std::size_t remembered() const { return flights_.size(); }

 private:
  struct Flight {
    bool done = false;
    Result result;
    runtime::Time begun{};
    runtime::Time settled_at{};
    runtime::WaitList settled;
    unsigned waiting = 0;
  };
  struct Leased;

  bool answers(const Flight& flight, const Session& session) const;
  void drop_old();
  runtime::Task<void> fly(SharedConfig config, Session session, Flight& flight);
  runtime::Task<Result> ask(SharedConfig config, Session session);
  runtime::Task<Result> use(SharedConfig config, Session session, Leased leased);
  runtime::Task<Result> refused(SharedConfig config, Session session, Leased leased,
                                std::string why);
  runtime::Task<Result> end(SharedConfig config, Session session, std::string why);

  SignInParts parts_;
  std::unordered_map<std::string, Flight> flights_;  // by the session's name
  runtime::Time next_drop_{};
  runtime::TaskSet tasks_;
};

}  // namespace signet::identity
