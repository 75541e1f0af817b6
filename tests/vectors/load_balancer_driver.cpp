// Judges what a load balancer sends, one after the other on standard input, as the gateway would.
// Arguments: the ARN of the load balancer, the client, the issuer. A line "key ID BYTES" and that
// many bytes are a public key that can be fetched. A line "token NOW IDENTITY BYTES" and that many
// bytes are x-amzn-oidc-data; the answer is a line "person ID" or "refused: DETAIL".

#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "identity/load_balancer.h"
#include "runtime/task_set.h"

namespace {

using namespace signet;

constexpr const char* kAddress = "https://public-keys.example.com";

class Keys final : public http::Fetcher {
 public:
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time) override {
    http::FetchAnswer answer;
    const auto found = pems.find(request.url);
    answer.status = found == pems.end() ? 403 : 200;
    if (found != pems.end()) answer.body = found->second;
    co_return answer;
  }
  std::map<std::string, std::string> pems;
};

class NoObserver final : public identity::LoadBalancerKeysObserver {
 public:
  void fetched(std::string_view) override {}
  void failed(std::string_view, std::string_view) override {}
};

runtime::Task<void> renew(identity::LoadBalancerKeysView& view, std::string key_id,
                          runtime::Time deadline, std::optional<bool>& into) {
  auto renewing = view.renew(std::move(key_id), deadline);
  into = co_await std::move(renewing);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  if (argc != 4) {
    std::cerr << "load_balancer_driver: SIGNER CLIENT ISSUER\n";
    return 2;
  }
  config::LoadBalancer rules;
  rules.given = true;
  rules.signer = argv[1];
  rules.client_id = argv[2];
  rules.issuer = argv[3];

  runtime::SystemClock clock;
  runtime::EventLoop loop(clock);
  Keys fetcher;
  NoObserver observer;
  identity::LoadBalancerKeyRules key_rules;
  key_rules.burst = 100'000;
  identity::LoadBalancerKeys keys(loop, fetcher, observer, key_rules);
  keys.set_address(*config::parse_url(kAddress));
  identity::LoadBalancerKeysView view(keys, loop);
  identity::LoadBalancerIdentity people(rules, view, nullptr);
  runtime::TaskSet tasks(loop);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream fields(line);
    std::string kind;
    std::string id;
    std::int64_t now = 0;
    std::size_t size = 0;
    fields >> kind;
    if (kind == "token") fields >> now;
    fields >> id >> size;
    if (!fields || (kind != "key" && kind != "token")) {
      std::cerr << "load_balancer_driver: cannot read the case: " << line << '\n';
      return 2;
    }
    std::string text(size, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(size));
    if (kind == "key") {
      fetcher.pems[kAddress + ("/" + id)] = text;
      continue;
    }
    runtime::Arena arena(loop.blocks());
    http::Fields sent(arena);
    sent.add(http::FieldId::x_amzn_oidc_data, text);
    sent.add(http::FieldId::x_amzn_oidc_identity, id);
    auto person = people.recognise(sent, now);
    if (!person && !person.error().renew_key.empty()) {
      std::optional<bool> renewed;
      tasks.start(renew(view, person.error().renew_key,
                        runtime::after(loop.now(), std::chrono::seconds(1)), renewed));
      while (!renewed)
        loop.run_once(std::chrono::milliseconds(1));
      if (*renewed) person = people.recognise(sent, now);
    }
    std::cout << (person ? "person " + (*person)->id : "refused: " + person.error().detail) << '\n';
  }
  return 0;
}
