#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "config/load_parts.h"

namespace signet::config {

bool is_shared_issuer(const Url& issuer) {
  static constexpr std::array<std::string_view, 9> kHosts{"token.actions.githubusercontent.com",
                                                          "gitlab.com",
                                                          "accounts.google.com",
                                                          "appleid.apple.com",
                                                          "oidc.circleci.com",
                                                          "agent.buildkite.com",
                                                          "app.terraform.io",
                                                          "bitbucket.org",
                                                          "api.bitbucket.org"};
  if (std::ranges::find(kHosts, issuer.host) != kHosts.end()) return true;
  // Entra's tenant of everybody (reference: aws-emulation-and-idp §6).
  const bool entra = issuer.host == "login.microsoftonline.com" || issuer.host == "sts.windows.net";
  return entra &&
         (issuer.path.starts_with("/common") || issuer.path.starts_with("/organizations") ||
          issuer.path.starts_with("/consumers"));
}

const Provider* Identity::provider(std::string_view name) const {
  const auto found = std::ranges::find(providers, name, &Provider::name);
  return found == providers.end() ? nullptr : &*found;
}

namespace {

constexpr std::size_t kLongestText = 1024;

class BearerReader {
 public:
  BearerReader(Reader& reader, const Node& node, std::size_t index)
      : reader_(reader),
        name_(fmt::format("identity.bearer[{}]", index)),
        entry_(reader, &node, name_) {}

  bool read(BearerIssuer& bearer, Place place) {
    if (!entry_.present()) return false;
    bearer.place = place;
    read_issuer(bearer);
    bearer.audiences = entry_.texts("audience", kLongestText);
    if (!entry_.has("audience")) {
      reader_.problem(place,
                      fmt::format("{} has no audience: give the one its tokens are made for, "
                                  "e.g. signet; without it any token of this issuer would do",
                                  name_));
    }
    if (auto claim = entry_.choice("audience_claim", {"aud", "client_id"})) {
      bearer.audience_claim = static_cast<AudienceClaim>(*claim);
    }
    read_require(bearer);
    Section claims = entry_.section("claims");
    claims.text("person", bearer.claims.person);
    claims.text("name", bearer.claims.name);
    claims.text("groups", bearer.claims.groups);
    claims.close();
    bearer.groups = entry_.texts("groups", kLongestText);
    entry_.close();
    return true;
  }

 private:
  void read_issuer(BearerIssuer& bearer) {
    if (!entry_.has("issuer")) {
      reader_.problem(bearer.place, fmt::format("{} has no issuer: give what its tokens have as "
                                                "iss, e.g. https://login.example.com",
                                                name_));
    }
    if (!entry_.text("issuer", bearer.issuer)) return;
    auto url = parse_url(bearer.issuer);
    if (!url) {
      entry_.problem("issuer", url.error());
    } else if (!url->https && !url->is_loopback()) {
      entry_.problem("issuer",
                     "its keys come over plain http, so anybody on the way could replace "
                     "them: write https://");
    } else {
      bearer.url = std::move(*url);
    }
  }

  void read_require(BearerIssuer& bearer) {
    Section require = entry_.section("require");
    for (const std::string& claim : require.keys()) {
      Requirement requirement{claim, require.texts(claim, kLongestText)};
      if (!requirement.values.empty()) bearer.require.push_back(std::move(requirement));
    }
    require.close();
    if (bearer.require.empty() && is_shared_issuer(bearer.url)) {
      entry_.problem("issuer",
                     "anybody can get a token of this issuer: give require, e.g. require: "
                     "{repository_owner: example-org}");
    }
  }

  Reader& reader_;
  std::string name_;
  Section entry_;
};

// Two issuers that name people by the same claim could give the same name to two people.
void check_people(Reader& reader, const Identity& identity) {
  if (identity.same_people) return;
  std::map<std::string, const BearerIssuer*> claims;
  for (const BearerIssuer& bearer : identity.bearer) {
    auto [other, fresh] = claims.emplace(bearer.claims.person, &bearer);
    if (fresh || other->second->issuer == bearer.issuer) continue;
    reader.problem(
        bearer.place,
        fmt::format("{} and {} both name people by {}, so one could name somebody of the "
                    "other: use another claim, or say same_people: true if they are the "
                    "same people",
                    other->second->issuer, bearer.issuer, bearer.claims.person));
  }
}

}  // namespace

void load_identity(Reader& reader, Section& top, Config& config) {
  Section identity = top.section("identity");
  if (!identity.present()) return;
  config.identity.given = true;
  std::vector<const Node*> bearer = identity.list("bearer");
  for (std::size_t i = 0; i < bearer.size(); ++i) {
    BearerIssuer issuer;
    if (BearerReader(reader, *bearer[i], i).read(issuer, bearer[i]->place)) {
      config.identity.bearer.push_back(std::move(issuer));
    }
  }
  identity.boolean("same_people", config.identity.same_people);
  const bool later =
      identity.has("providers") || identity.has("load_balancer") || identity.has("aws_roles");
  if (bearer.empty() && !identity.has("bearer") && !later) {
    top.problem("identity", "there is no way for anybody to be known: give bearer");
  }
  check_people(reader, config.identity);
  identity.later({"providers", "session", "load_balancer", "aws_roles", "tokens"});
  identity.close();
}

}  // namespace signet::config
