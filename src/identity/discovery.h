#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "config/url.h"
#include "http/fetch.h"
#include "identity/key_set.h"
#include "runtime/task.h"

namespace signet::identity {

// Why an issuer's documents could not be had.
enum class DiscoveryError : std::uint8_t {
  unreachable,
  timed_out,
  bad_status,     // another status than 200
  bad_document,   // the provider's metadata is not what OpenID Connect Discovery §3 says
  other_issuer,   // the metadata names another issuer
  forbidden_url,  // the keys' address leads where no issuer's keys may be
  bad_keys        // the key set cannot be used
};
// Lower case with underscores: a metric label.
std::string_view to_string(DiscoveryError error);

struct DiscoveryFailure {
  DiscoveryError error = DiscoveryError::unreachable;
  std::string detail;  // one sentence for the operator
};

// What of the metadata is needed to take the issuer's tokens.
struct Metadata {
  Metadata() = default;
  std::string jwks_uri;
};

// Reads a provider's metadata (OpenID Connect Discovery 1.0 §3, §4.3). `issuer` is the
// configuration's, byte by byte; `url` the same, parsed.
std::expected<Metadata, DiscoveryFailure> parse_metadata(std::string_view json,
                                                         std::string_view issuer,
                                                         const config::Url& url);

// An address in a provider's document: as config::parse_url takes it, and besides with a query
// (Azure AD B2C) or a last slash (Authentik), which the result is without.
std::optional<config::Url> parse_endpoint(std::string_view text);

// Whether an address that a provider's document named may be asked: https, and no address of this
// machine or of its neighbours (where metadata services live), unless the issuer is loopback
// itself. Looks at the text only; names are not resolved.
bool may_be_asked(const config::Url& address, const config::Url& issuer);

// Where an issuer's metadata is (§4): the well-known path goes behind the issuer's own, whose last
// slash does not count.
std::string metadata_address(const config::Url& url);

// One document of an issuer, by `deadline`. What it is given must outlive the task.
runtime::Task<std::expected<std::string, DiscoveryFailure>> fetch_document(http::Fetcher& fetcher,
                                                                           std::string url,
                                                                           runtime::Time deadline);

// Fetches the metadata, then the key set it names, both by `deadline`. What it is given must
// outlive the task.
runtime::Task<std::expected<KeySet, DiscoveryFailure>> fetch_keys(http::Fetcher& fetcher,
                                                                  const std::string& issuer,
                                                                  const config::Url& url,
                                                                  runtime::Time deadline);

}  // namespace signet::identity
