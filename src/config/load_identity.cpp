#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "config/load_parts.h"
#include "config/load_source.h"

namespace signet::config {

const Provider* Identity::provider(std::string_view name) const {
  const auto found = std::ranges::find(providers, name, &Provider::name);
  return found == providers.end() ? nullptr : &*found;
}

namespace {

bool read_bearer(Reader& reader, const Node& node, std::size_t index, BearerIssuer& bearer) {
  Section entry(reader, &node, fmt::format("identity.bearer[{}]", index));
  if (!entry.present()) return false;
  bearer.place = node.place;
  read_issuer(reader, entry, bearer.issuer, bearer.url);
  must_have(reader, entry, "audience",
            "the one its tokens are made for, e.g. signet; without it any token of this issuer "
            "would do");
  bearer.audiences = entry.texts("audience", kLongestIdentityText);
  if (auto claim = entry.choice("audience_claim", {"aud", "client_id"})) {
    bearer.audience_claim = static_cast<AudienceClaim>(*claim);
  }
  read_meaning(entry, bearer.url, "repository_owner: example-org",
               {bearer.require, bearer.claims, bearer.groups});
  entry.close();
  return true;
}

// Two issuers that name people by the same claim could give the same name to two people. Of one
// issuer everybody has one name, whichever way they come.
class People {
 public:
  explicit People(Reader& reader) : reader_(reader) {}

  void see(const std::string& issuer, const ClaimNames& claims, Place place) {
    if (issuer.empty()) return;
    auto [other, fresh] = issuers_.emplace(claims.person, issuer);
    if (fresh || other->second == issuer) return;
    reader_.problem(
        place, fmt::format("{} and {} both name people by {}, so one could name somebody of the "
                           "other: use another claim, or say same_people: true if they are the "
                           "same people",
                           other->second, issuer, claims.person));
  }

 private:
  Reader& reader_;
  std::map<std::string, std::string> issuers_;
};

void check_people(Reader& reader, const Identity& identity) {
  if (identity.same_people) return;
  People people(reader);
  for (const Provider& provider : identity.providers)
    people.see(provider.issuer, provider.claims, provider.place);
  const LoadBalancer& balancer = identity.load_balancer;
  if (balancer.given) people.see(balancer.issuer, balancer.claims, balancer.place);
  for (const BearerIssuer& bearer : identity.bearer)
    people.see(bearer.issuer, bearer.claims, bearer.place);
}

}  // namespace

void load_identity(Reader& reader, Section& top, Config& config) {
  Section identity = top.section("identity");
  if (!identity.present()) return;
  config.identity.given = true;
  load_providers(reader, top, identity, config);
  load_session(reader, identity, config);
  load_load_balancer(reader, top, identity, config);
  std::vector<const Node*> bearer = identity.list("bearer");
  for (std::size_t i = 0; i < bearer.size(); ++i) {
    BearerIssuer issuer;
    if (read_bearer(reader, *bearer[i], i, issuer)) {
      config.identity.bearer.push_back(std::move(issuer));
    }
  }
  load_aws_roles(reader, identity, config);
  identity.boolean("same_people", config.identity.same_people);
  const bool known = identity.has("providers") || identity.has("load_balancer") ||
                     identity.has("bearer") || identity.has("aws_roles");
  if (!known) {
    top.problem("identity",
                "there is no way for anybody to be known: give providers, load_balancer, bearer or "
                "aws_roles");
  }
  check_people(reader, config.identity);
  identity.close();
}

}  // namespace signet::config
