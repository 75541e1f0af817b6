#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/identity.h"
#include "config/reader.h"

// What the sources of identity have in common: an issuer, and what its claims say of somebody.
namespace signet::config {

inline constexpr std::size_t kLongestIdentityText = 1024;

// A problem of the section when it has no such key; `give` ends "… has no KEY: give".
void must_have(Reader& reader, const Section& entry, std::string_view key, std::string_view give);

// The key `issuer`: `issuer` as it is in the file, `url` the same parsed, empty when it is wrong.
void read_issuer(Reader& reader, Section& entry, std::string& issuer, Url& url);

// The key `client_id` (RFC 6749 Appendix A.1), which must be there.
void read_client_id(Reader& reader, Section& entry, std::string& client_id);

// The keys `require`, `claims` and `groups`. `example` is of `require`, for issuers that take it.
struct Meaning {
  std::vector<Requirement>& require;
  ClaimNames& claims;
  std::vector<std::string>& groups;
};
void read_meaning(Section& entry, const Url& issuer, std::string_view example, Meaning meaning);

}  // namespace signet::config
