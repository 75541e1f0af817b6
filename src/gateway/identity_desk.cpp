#include "gateway/identity_desk.h"

namespace signet::gateway {

namespace {

constexpr std::string_view kAwsTokens = "/tokens/aws";

identity::AwsProofRules proof_rules(const std::string& sts) {
  identity::AwsProofRules rules;
  rules.stand_in = sts;
  return rules;
}

}  // namespace

IdentityDesk::IdentityDesk(runtime::EventLoop& home, http::Fetcher& fetcher,
                           identity::KeyBookView& keys, state::Store& store, crypto::Random& random,
                           const runtime::Clock& clock, const std::string& sts)
    : home_(home),
      providers_(home, fetcher),
      parts_{home, fetcher, keys, store, random, clock, providers_},
      sign_in_(parts_),
      renewal_(parts_),
      sign_out_(parts_),
      account_(store, random, clock),
      proofs_(home, fetcher, proof_rules(sts)),
      aws_tokens_(home, proofs_, store, random, clock),
      tasks_(home) {}

void IdentityDesk::configure(const config::Config& config) {
  portal_api::AccountRules rules;
  rules.public_url = config.public_url->text();
  for (const config::App& app : config.apps)
    rules.apps.push_back(app.name);
  rules.max_lifetime = config.identity.tokens.max_lifetime;
  account_.configure(std::move(rules));
}

bool IdentityDesk::answers(std::string_view path) {
  return path == kAwsTokens || portal_api::AccountApi::knows(path);
}

bool IdentityDesk::answers_everybody(std::string_view path) {
  return path == kAwsTokens || portal_api::AccountApi::is_public(path);
}

runtime::Task<portal_api::ApiAnswer> IdentityDesk::answer(portal_api::ApiCall call,
                                                          identity::SharedConfig config) {
  if (call.path == kAwsTokens) {
    auto making = aws_tokens_.make(std::move(call), std::move(config));
    co_return co_await std::move(making);
  }
  auto handling = account_.handle(std::move(call));
  co_return co_await std::move(handling);
}

}  // namespace signet::gateway
