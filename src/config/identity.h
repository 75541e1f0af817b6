#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/secret.h"
#include "config/url.h"
#include "runtime/clock.h"

namespace signet::config {

// A claim that must have one of these values. A claim that is a list must hold one of them.
struct Requirement {
  std::string claim;  // a path, as in ClaimNames
  std::vector<std::string> values;
};

// Which claims of a token say who somebody is. A name is the claim's own, or a path of nested ones
// joined by dots ("realm_access.roles"); the claim of the whole name wins.
struct ClaimNames {
  std::string person;
  std::string name;
  std::string groups;
};

// Where a token says for whom it is made: Cognito's access tokens have no `aud`.
enum class AudienceClaim : std::uint8_t { aud, client_id };

// An issuer whose JWTs are taken as they come (RFC 6750): for machines.
struct BearerIssuer {
  std::string issuer;  // compared as it is with `iss`
  Url url;             // the same, parsed
  std::vector<std::string> audiences;
  AudienceClaim audience_claim = AudienceClaim::aud;
  std::vector<Requirement> require;
  ClaimNames claims{"sub", "name", "groups"};
  std::vector<std::string> groups;  // everybody of this issuer has these
  Place place;
};

// An OpenID Connect provider where people sign in.
struct Provider {
  std::string name;    // [a-z0-9][a-z0-9-]{0,62}; part of the callback's address
  std::string title;   // on the button; default: the name
  std::string issuer;  // compared as it is with `iss`
  Url url;             // the same, parsed
  std::string client_id;
  Secret client_secret;  // empty: a public client, which proves itself by PKCE alone
  std::vector<std::string> scopes{"openid", "email", "profile"};
  std::vector<Requirement> require;
  ClaimNames claims{"email", "name", "groups"};
  std::vector<std::string> groups;  // everybody of this provider has these
  bool unverified_email = false;    // take e-mail addresses that the provider has not verified
  Place place;
};

// Sessions of browsers.
struct SessionRules {
  runtime::Duration idle = std::chrono::hours(1);
  runtime::Duration lifetime = std::chrono::hours(12);
  // How often the provider is asked again whether the person and the groups still hold, where it
  // gave a refresh token.
  runtime::Duration refresh = std::chrono::minutes(15);
  // At least 32 bytes each. The first seals, all open. Empty only in a configuration that was never
  // given a machine: prepare_folders() reads or makes the one beside the state file.
  std::vector<Secret> keys;
  Place place;  // where problems of the key file are told
};

// Personal and service tokens.
struct TokenRules {
  runtime::Duration max_lifetime = std::chrono::hours(24 * 90);
};

// An Application Load Balancer that signs people in and passes x-amzn-oidc-data on.
struct LoadBalancer {
  bool given = false;
  std::string signer;     // its ARN
  std::string region;     // from the ARN
  std::string client_id;  // of its listener rule, at the provider
  std::string issuer;     // of the provider: `iss`
  std::vector<Requirement> require;
  ClaimNames claims{"email", "name", "groups"};
  std::vector<std::string> groups;
  bool unverified_email = false;
  Url keys;  // where its public keys are; default: the Region's public address
  Place place;
};

// Workloads on AWS whose role may come in by proving it at STS.
struct AwsRole {
  // Of the role, without its path, which AWS does not tell. "*" stands for any letters but "/" and
  // ":", at its end only, behind some of the name.
  std::string arn;
  std::vector<std::string> groups;
  Place place;
};

struct Identity {
  bool given = false;  // whether the file has the section
  std::vector<Provider> providers;
  SessionRules session;
  TokenRules tokens;
  LoadBalancer load_balancer;
  std::vector<AwsRole> aws_roles;
  std::vector<BearerIssuer> bearer;
  bool same_people = false;  // sources may name the same person

  bool has_sign_in() const { return !providers.empty(); }
  const Provider* provider(std::string_view name) const;
};

// Whether anybody at all can have an account with this issuer, so that its signature alone says
// nothing of who somebody is to us.
bool is_shared_issuer(const Url& issuer);

}  // namespace signet::config
