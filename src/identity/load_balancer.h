#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/identity.h"
#include "crypto/sha256.h"
#include "http/fields.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/key_book.h"
#include "identity/load_balancer_keys.h"
#include "identity/person.h"

namespace signet::identity {

// Why what the load balancer sent names nobody. `detail` is one sentence for the operator and
// repeats nothing of the tokens.
struct LoadBalancerRejection {
  // A key that may change the answer once it is fetched (LoadBalancerKeysView::renew); or ""
  std::string renew_key;
  // The issuer whose newer keys may change it (KeyBookView::renew); or "".
  std::string renew_issuer;
  std::string detail;
};

// Whether the issuer is a user pool of Cognito. Its user info, and so x-amzn-oidc-data, never has
// groups: they are in the access token only, which is a JWT of the pool.
bool is_cognito_user_pool(std::string_view issuer);

// People whom an Application Load Balancer has signed in: the fields x-amzn-oidc-data (a JWS of
// the load balancer with the claims of the provider's user info), x-amzn-oidc-identity and
// x-amzn-oidc-accesstoken. For one loop. Every load balancer of a Region can have its tokens signed
// by the same keys, for any client: so the token's header must name the one of the configuration
// (`signer`, its ARN), its client and its issuer. What was found good is remembered until it ends,
// the keys change, or others need the room.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
class LoadBalancerIdentity {
 public:
  // All borrowed. `issuer_keys` may be null: then groups are only those of x-amzn-oidc-data. Else
  // it keeps the keys of `rules.issuer`; and where that has no claim of the groups, the claim
  // cognito:groups of the access token counts, which must be there then, verified, of the same
  // person and for the same client.
  LoadBalancerIdentity(const config::LoadBalancer& rules, const LoadBalancerKeysView& keys,
                       const KeyBookView* issuer_keys);

  // How much is remembered at most.
  static constexpr std::size_t kMostKnown = 4096;
  static constexpr std::size_t kMostKnownBytes = std::size_t{4} << 20;
  // The load balancer's clock and ours differ by no more, in seconds.
  static constexpr std::int64_t kClockSkew = 60;

  // Whom the fields speak for; null when none of them is there. `now` is in Unix seconds. The
  // person stays as long as the pointer is kept.
  std::expected<std::shared_ptr<const Person>, LoadBalancerRejection> recognise(
      const http::Fields& fields, std::int64_t now);

 private:
  struct Tokens {
    std::string_view data;
    std::string_view identity;
    std::string_view access;
  };
  struct Known {
    crypto::Digest data;
    std::string subject;
    std::optional<crypto::Digest> access;  // when it was needed
    std::shared_ptr<const Person> person;
    std::int64_t expires;
    std::uint64_t page;
    std::uint64_t issuer_page;
    std::size_t bytes;
  };
  struct DigestHash {
    std::size_t operator()(const crypto::Digest& digest) const;
  };

  std::uint64_t issuer_page() const;
  bool still_holds(const Known& known, const Tokens& tokens, std::int64_t now) const;
  std::expected<Known, LoadBalancerRejection> verified(const Tokens& tokens,
                                                       std::int64_t now) const;
  // The claims, once header and signature are good.
  std::expected<JsonObject, LoadBalancerRejection> open(const Jws& jws, std::int64_t now) const;
  // The claims of the access token of `subject`.
  std::expected<Claims, LoadBalancerRejection> open_access(std::string_view access,
                                                           std::string_view subject,
                                                           std::int64_t now) const;
  void forget(std::list<Known>::iterator known);
  void remember(Known known);

  const config::LoadBalancer& rules_;
  const LoadBalancerKeysView& keys_;
  const KeyBookView* issuer_keys_;
  // The most recently used first.
  std::list<Known> known_;
  std::size_t known_bytes_ = 0;
  std::unordered_map<crypto::Digest, std::list<Known>::iterator, DigestHash> by_data_;
};

}  // namespace signet::identity
