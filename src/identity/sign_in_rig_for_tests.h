#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "crypto/random.h"
#include "identity/fetcher_for_tests.h"
#include "identity/kept_tokens.h"
#include "identity/sign_in.h"
#include "identity/tokens_for_tests.h"
#include "state/rig_for_tests.h"

namespace signet::identity {

using state::kNow;

inline constexpr std::string_view kLoginIssuer = "https://login.example.com";
inline const std::string kMetadataAddress =
    "https://login.example.com/.well-known/openid-configuration";
inline const std::string kKeysAddress = "https://login.example.com/keys";
inline const std::string kTokenAddress = "https://login.example.com/token";

inline config::Provider a_provider(const std::string& name = "corp") {
  config::Provider provider;
  provider.name = name;
  provider.issuer = kLoginIssuer;
  provider.url = *config::parse_url(kLoginIssuer);
  provider.client_id = "signet";
  provider.client_secret = config::Secret("a client's secret");
  return provider;
}

inline std::shared_ptr<config::Config> a_sign_in_config() {
  auto made = std::make_shared<config::Config>();
  made->public_url = *config::parse_url("https://mlflow.example.com");
  made->identity.given = true;
  made->identity.providers.push_back(a_provider());
  made->identity.session.keys = {config::Secret(std::string(32, 'k'))};
  return made;
}

inline std::string metadata_json(std::string_view more = {}) {
  return fmt::format(
      R"({{"issuer":"{0}","jwks_uri":"{0}/keys","authorization_endpoint":"{0}/authorize",)"
      R"("token_endpoint":"{0}/token"{1}}})",
      kLoginIssuer, more);
}
inline constexpr std::string_view kWithEndSession =
    R"(,"end_session_endpoint":"https://login.example.com/end")";

// What an ID token says. A text that is empty is left out.
struct IdClaims {
  IdClaims() = default;
  std::string subject = "sub-1";
  std::string email = "Ada@example.com";
  std::string nonce;
  std::string session = "sid-1";
  std::string issuer{kLoginIssuer};
  std::string more;  // further members, each with a comma before it
  std::int64_t issued_at = kNow;
};
inline std::string payload_of(const IdClaims& claims) {
  std::string text = fmt::format(
      R"({{"iss":"{}","aud":"signet","sub":"{}","iat":{},"exp":{},"email":"{}","email_verified":true)",
      claims.issuer, claims.subject, claims.issued_at, claims.issued_at + 3600, claims.email);
  if (!claims.nonce.empty()) text += fmt::format(R"(,"nonce":"{}")", claims.nonce);
  if (!claims.session.empty()) text += fmt::format(R"(,"sid":"{}")", claims.session);
  return text + claims.more + "}";
}
inline std::string id_token_of(const IdClaims& claims, std::string_view kid = "1",
                               const crypto::SigningKey& key = rsa_key()) {
  return token(fmt::format(R"({{"alg":"RS256","kid":"{}"}})", kid), payload_of(claims), key,
               Algorithm::rs256);
}
inline std::string tokens_json(const std::string& id_token, const std::string& refresh = "R2") {
  std::string text = R"({"token_type":"Bearer","access_token":"A1")";
  if (!id_token.empty()) text += fmt::format(R"(,"id_token":"{}")", id_token);
  if (!refresh.empty()) text += fmt::format(R"(,"refresh_token":"{}")", refresh);
  return text + "}";
}

class SilentKeyBook final : public KeyBookObserver {
 public:
  void fetched(std::string_view, const KeySet&) override {}
  void failed(std::string_view, const DiscoveryFailure&, bool) override {}
};

// One gateway's parts, on a real store, with a provider that says what the test wants.
class SignInRig : public state::StoreRig {
 public:
  SignInRig() {
    provider_says(metadata_json(kWithEndSession));
    fetcher.answers[kKeysAddress] = {200, key_set_json({rsa_key().jwk(R"("kid":"1")")})};
    fetcher.answers[kTokenAddress] = {200, tokens_json(id_token_of(IdClaims()))};
    book.set_issuers({{std::string(kLoginIssuer), *config::parse_url(kLoginIssuer)}});
    turn();
    EXPECT_NE(keys.page()->entries.front().keys, nullptr);
    fetcher.asked.clear();
  }

  void provider_says(const std::string& metadata) {
    fetcher.answers[kMetadataAddress] = {200, metadata};
  }
  void turn(int times = 20) {
    for (int i = 0; i < times; ++i)
      loop.run_once(runtime::Duration::zero());
  }
  // Runs one task to its end while the clock goes on.
  template <typename T>
  T get_in_time(runtime::Task<T> task) {
    std::optional<T> result;
    runtime::TaskSet tasks(loop);
    tasks.start(keep(std::move(task), result));
    if (!turn_until([&] { return result.has_value(); }, std::chrono::milliseconds(50))) {
      throw std::runtime_error("no answer");
    }
    return std::move(*result);
  }
  // Lets only the monotonic clock and the wall clock go on, by as much.
  void pass_seconds(int seconds) {
    clock.advance(std::chrono::seconds(seconds));
    turn(3);
  }
  // A new key set at the provider. The gateway does not know of it.
  void rotate_keys() {
    fetcher.answers[kKeysAddress] = {200, key_set_json({other_rsa_key().jwk(R"("kid":"2")")})};
  }

  // A session that could have been made here, with its tokens in the store.
  Session a_session(const std::string& refresh = "R1") {
    Session session;
    random.fill(session.id);
    session.person.id = "ada@example.com";
    session.provider = "corp";
    session.subject = "sub-1";
    session.provider_session = "sid-1";
    session.began_at = session.seen_at = session.vouched_at = clock.unix_seconds();
    session.can_refresh = !refresh.empty();
    if (!refresh.empty()) put_tokens(session, refresh, "OLD-ID-TOKEN");
    return session;
  }
  void put_tokens(const Session& session, const std::string& refresh, const std::string& id) {
    KeptTokens kept;
    kept.refresh_token = refresh;
    kept.id_token = id;
    state::RefreshToken record;
    record.session = session_name(session.id);
    record.sealed = seal(kept, session.id, config->identity.session, random);
    record.generation = 1;
    record.expires = session.began_at + 12 * 3600;
    EXPECT_TRUE(get(store->put_refresh_token(record)));
  }
  // "refresh token/id token", or why there is none.
  std::string kept(const Session& session) {
    auto record = get(store->refresh_token(session_name(session.id)));
    if (!record) return std::string(state::to_string(record.error()));
    auto tokens = open_tokens(record->sealed, session.id, config->identity.session, random);
    return tokens ? tokens->refresh_token + "/" + tokens->id_token : "cannot be opened";
  }
  bool is_revoked(const Session& session) {
    return store->snapshot()->is_revoked(state::RevocationKind::session, session_name(session.id),
                                         session.began_at);
  }
  // From now on the store is unavailable: its file is no longer where it was.
  void lose_store() { std::filesystem::rename(path, path + ".away"); }
  void find_store() { std::filesystem::rename(path + ".away", path); }

  std::shared_ptr<config::Config> config = a_sign_in_config();
  crypto::SystemRandom random;
  LateFetcher fetcher{loop};
  SilentKeyBook observer;
  KeyBook book{loop, fetcher, observer, {}, 1};
  KeyBookView keys{book, loop};
  Providers providers{loop, fetcher};
  SignInParts parts{loop, fetcher, keys, *open_store(), random, clock, providers};

 private:
  // Members are made in order, and the parts borrow the store.
  state::SqliteStore* open_store() {
    if (store == nullptr) open();
    return store.get();
  }
};

}  // namespace signet::identity
