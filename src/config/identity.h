#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/url.h"

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

struct Identity {
  bool given = false;  // whether the file has the section
  std::vector<BearerIssuer> bearer;
  bool same_people = false;  // sources may name the same person
};

// Whether anybody at all can have an account with this issuer, so that its signature alone says
// nothing of who somebody is to us.
bool is_shared_issuer(const Url& issuer);

}  // namespace signet::config
