#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "identity/fetcher_for_tests.h"
#include "identity/load_balancer.h"
#include "identity/tokens_for_tests.h"

namespace signet::identity {

using namespace std::chrono_literals;

inline constexpr const char* kIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
inline constexpr const char* kSigner =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/mlflow/0123456789abcdef";
inline constexpr const char* kKeyId = "0aeb9f3c-2e26-4a7c-9d4d-0c3f7a5f9f11";
inline constexpr const char* kAddress = "https://public-keys.auth.elb.eu-west-1.amazonaws.com";
inline constexpr std::int64_t kNow = 1'440'938'160;

inline const crypto::SigningKey& other_p256_key() {
  static const crypto::SigningKey kKey = crypto::SigningKey::elliptic("P-256");
  return kKey;
}

inline std::string padded(std::string_view bytes) {
  std::string text = crypto::base64url(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

using Members = std::map<std::string, std::string>;  // values as JSON

inline std::string json(const Members& members) {
  std::string text = "{";
  for (const auto& [name, value] : members)
    text += fmt::format("{}\"{}\":{}", text.size() == 1 ? "" : ",", name, value);
  return text + "}";
}
inline std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

// A token of which one part at a time is changed.
struct Data {
  Members header{{"alg", in_quotes("ES256")},        {"kid", in_quotes(kKeyId)},
                 {"typ", in_quotes("JWT")},          {"signer", in_quotes(kSigner)},
                 {"iss", in_quotes(kIssuer)},        {"client", in_quotes("client-1")},
                 {"exp", std::to_string(kNow + 120)}};
  Members claims{{"sub", in_quotes("abc-1")},           {"email", in_quotes("Ada@Example.com")},
                 {"email_verified", in_quotes("true")}, {"name", in_quotes("Ada")},
                 {"exp", std::to_string(kNow + 120)},   {"iss", in_quotes(kIssuer)}};
  bool pads = true;

  std::string spell(std::string_view bytes) const {
    return pads ? padded(bytes) : crypto::base64url(bytes);
  }
  std::string text(const crypto::SigningKey& key = p256_key()) const {
    const std::string input = spell(json(header)) + "." + spell(json(claims));
    return input + "." + spell(key.sign(Algorithm::es256, input));
  }
};

struct Access {
  Members header{{"alg", in_quotes("RS256")}, {"kid", in_quotes("pool")}};
  Members claims{{"iss", in_quotes(kIssuer)},
                 {"sub", in_quotes("abc-1")},
                 {"client_id", in_quotes("client-1")},
                 {"token_use", in_quotes("access")},
                 {"cognito:groups", R"(["team-a","team-b"])"},
                 {"exp", std::to_string(kNow + 3600)}};
  std::string text(const crypto::SigningKey& key = rsa_key()) const {
    return token(json(header), json(claims), key, Algorithm::rs256);
  }
};

class NoObserver final : public KeyBookObserver, public LoadBalancerKeysObserver {
 public:
  void fetched(std::string_view, const KeySet&) override {}
  void failed(std::string_view, const DiscoveryFailure&, bool) override {}
  void fetched(std::string_view) override {}
  void failed(std::string_view, std::string_view) override {}
};

class LoadBalancerTest : public testing::Test {
 protected:
  LoadBalancerTest() {
    rules_.given = true;
    rules_.signer = kSigner;
    rules_.client_id = "client-1";
    rules_.issuer = kIssuer;
    fetcher_.answers[fmt::format("{}/{}", kAddress, kKeyId)] = {200, p256_key().pem()};
    fetcher_.answers[fmt::format("{}/.well-known/openid-configuration", kIssuer)] = {
        200, fmt::format(R"({{"issuer":"{0}","jwks_uri":"{0}/jwks"}})", kIssuer)};
    fetcher_.answers[fmt::format("{}/jwks", kIssuer)] = {
        200, key_set_json({rsa_key().jwk(R"("kid":"pool")")})};
    keys_.set_address(*config::parse_url(kAddress));
    fetch_key(kKeyId);
    book_.set_issuers({{kIssuer, *config::parse_url(kIssuer)}});
    turn();
  }
  void turn() {
    for (int i = 0; i < 12; ++i)
      loop_.run_once(0ms);
  }
  void fetch_key(const std::string& key_id) {
    auto renewing = keys_view_.renew(key_id, runtime::after(loop_.now(), 1s));
    ASSERT_TRUE(wait_for(loop_, std::move(renewing)));
  }
  struct Sent {
    std::vector<std::string> data, identity, access;
  };
  using Outcome = std::expected<std::shared_ptr<const Person>, LoadBalancerRejection>;
  Outcome ask(LoadBalancerIdentity& identity, const Sent& sent, std::int64_t now = kNow) {
    runtime::Arena arena(loop_.blocks());
    http::Fields fields(arena);
    for (const std::string& each : sent.data)
      fields.add(http::FieldId::x_amzn_oidc_data, each);
    for (const std::string& each : sent.identity)
      fields.add(http::FieldId::x_amzn_oidc_identity, each);
    for (const std::string& each : sent.access)
      fields.add(http::FieldId::x_amzn_oidc_accesstoken, each);
    return identity.recognise(fields, now);
  }
  // What comes of a token with the subject abc-1 and, unless it is empty, this access token: the
  // person's id, "nobody" or the detail.
  std::string outcome(const std::string& data, const std::string& access = {},
                      std::int64_t now = kNow, bool asks_issuer = false) {
    LoadBalancerIdentity identity(rules_, keys_view_, asks_issuer ? &book_view_ : nullptr);
    Sent sent{{data}, {"abc-1"}, {}};
    if (!access.empty()) sent.access = {access};
    return said(ask(identity, sent, now));
  }
  static std::string said(const Outcome& outcome) {
    if (!outcome) return outcome.error().detail;
    return *outcome == nullptr ? "nobody" : (*outcome)->id;
  }

  runtime::ManualClock clock_;
  runtime::EventLoop loop_{clock_};
  TableFetcher fetcher_;
  NoObserver observer_;
  config::LoadBalancer rules_;
  LoadBalancerKeys keys_{loop_, fetcher_, observer_, {}};
  LoadBalancerKeysView keys_view_{keys_, loop_};
  KeyBook book_{loop_, fetcher_, observer_, {}, 1};
  KeyBookView book_view_{book_, loop_};
};

}  // namespace signet::identity
