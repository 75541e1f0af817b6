// Judges proofs of AWS roles that come one after the other on standard input, as the gateway would.
// Arguments: the address that is asked instead of STS, e.g. http://127.0.0.1:5001, then roles, each
// "ARN=GROUP". A line "proof NOW GATEWAY BYTES" and that many bytes are the body of a request; the
// answer is a line "person ID NAME GROUP…" or "refused: ERROR DETAIL".

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "identity/aws_proofs.h"
#include "origin/fetch.h"
#include "runtime/lane.h"
#include "runtime/task_set.h"

namespace {

using namespace signet;
using Outcome = std::expected<identity::Person, identity::ProofFailure>;

// Real time for sockets, and whatever the case says for proofs.
class CaseClock final : public runtime::Clock {
 public:
  runtime::Time monotonic() const override { return system_.monotonic(); }
  std::int64_t unix_micros() const override { return now * 1'000'000; }
  std::int64_t now = 0;

 private:
  runtime::SystemClock system_;
};

runtime::Task<void> keep(runtime::Task<Outcome> task, std::optional<Outcome>& into) {
  into.emplace(co_await std::move(task));
}

std::string spelt(const Outcome& outcome) {
  if (!outcome) {
    return "refused: " + std::string(to_string(outcome.error().error)) + ' ' +
           outcome.error().detail;
  }
  std::string text = "person " + outcome->id + ' ' + outcome->name;
  for (const std::string& group : outcome->groups)
    text += ' ' + group;
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  if (argc < 2) {
    std::cerr << "aws_proof_driver: no address of a stand-in for STS\n";
    return 2;
  }
  identity::AwsProofRules rules;
  rules.stand_in = argv[1];
  rules.burst = 100'000;
  rules.remembered = 100'000;
  std::vector<config::AwsRole> roles;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    config::AwsRole role;
    role.arn = argument.substr(0, equals);
    if (equals != std::string::npos) role.groups.push_back(argument.substr(equals + 1));
    roles.push_back(role);
  }

  CaseClock clock;
  runtime::EventLoop loop(clock);
  runtime::Lane names("names", 1, 16);
  runtime::TlsClientContext tls("");
  {
    origin::CachingResolver resolver(loop, names, std::make_shared<origin::SystemNames>());
    origin::OriginFetcher fetcher(loop, resolver, tls, origin::Timeouts());
    identity::AwsProofs proofs(loop, fetcher, rules);
    std::string line;
    while (std::getline(std::cin, line)) {
      std::istringstream fields(line);
      std::string kind;
      std::string gateway;
      std::size_t size = 0;
      fields >> kind >> clock.now >> gateway >> size;
      if (!fields || kind != "proof") {
        std::cerr << "aws_proof_driver: cannot read the case: " << line << '\n';
        return 2;
      }
      std::string body(size, '\0');
      std::cin.read(body.data(), static_cast<std::streamsize>(size));
      std::optional<Outcome> outcome;
      runtime::TaskSet tasks(loop);
      auto recognising = proofs.recognise(std::move(body), gateway, roles,
                                          runtime::after(loop.now(), std::chrono::seconds(10)));
      tasks.start(keep(std::move(recognising), outcome));
      while (!outcome)
        loop.run_once(std::chrono::milliseconds(10));
      std::cout << spelt(*outcome) << '\n';
    }
  }
  loop.shut();
  return 0;
}
