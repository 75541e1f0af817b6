#include "identity/discovery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "identity/json.h"
#include "runtime/address.h"

namespace signet::identity {

namespace {

std::unexpected<DiscoveryFailure> failure(DiscoveryError error, std::string detail) {
  return std::unexpected(DiscoveryFailure{error, std::move(detail)});
}

// Where clouds keep their metadata services, and what else only this machine's neighbours have:
// RFC 3927 and RFC 4291 §2.5.6 link-local, and the unspecified address, which is this machine.
bool is_link_local(std::string_view host) {
  if (host.starts_with("169.254.") || host.starts_with("0.")) return true;
  if (!host.contains(':')) return host == "metadata.google.internal";
  if (host == "::") return true;
  const bool fe80 = host.size() >= 4 && (host.starts_with("fe8") || host.starts_with("fe9") ||
                                         host.starts_with("fea") || host.starts_with("feb"));
  return fe80 || host.starts_with("::ffff:") || host.starts_with("fd00:ec2:");
}

// Resolvers take IPv4 addresses in inet_aton's other spellings too: 2130706433, 0x7f.1, 127.1. What
// ends in a number is an address, then (WHATWG URL §3.5), and in one spelling only.
bool is_odd_address(std::string_view host) {
  std::string_view last = host.substr(host.rfind('.') + 1);
  const bool hex = last.starts_with("0x");
  if (hex) last.remove_prefix(2);
  const bool number = std::ranges::all_of(
      last, [hex](char c) { return (c >= '0' && c <= '9') || (hex && c >= 'a' && c <= 'f'); });
  return number && !host.contains(':') && !runtime::Address::numeric(host, 0);
}

}  // namespace

std::string_view to_string(DiscoveryError error) {
  switch (error) {
    case DiscoveryError::unreachable: return "unreachable";
    case DiscoveryError::timed_out: return "timed_out";
    case DiscoveryError::bad_status: return "bad_status";
    case DiscoveryError::bad_document: return "bad_document";
    case DiscoveryError::other_issuer: return "other_issuer";
    case DiscoveryError::forbidden_url: return "forbidden_url";
    case DiscoveryError::bad_keys: return "bad_keys";
  }
  return "";
}

std::optional<config::Url> parse_endpoint(std::string_view text) {
  const std::size_t mark = std::min(text.find('?'), text.size());
  for (const char c : text.substr(mark)) {
    if (c < 0x21 || c > 0x7E || c == '#') return std::nullopt;
  }
  std::string_view before = text.substr(0, mark);
  if (before.ends_with("//")) return std::nullopt;
  if (before.ends_with('/')) before.remove_suffix(1);
  auto url = config::parse_url(before);
  if (!url) return std::nullopt;
  return std::move(*url);
}

bool may_be_asked(const config::Url& address, const config::Url& issuer) {
  if (issuer.is_loopback()) return address.is_loopback() || address.https;
  return address.https && !address.is_loopback() && !address.host.ends_with(".localhost") &&
         !is_link_local(address.host) && !is_odd_address(address.host);
}

std::expected<Metadata, DiscoveryFailure> parse_metadata(std::string_view json,
                                                         std::string_view issuer,
                                                         const config::Url& url) {
  auto object = parse_json_object(json);
  if (!object) {
    return failure(DiscoveryError::bad_document,
                   fmt::format("the metadata of {} is {}", issuer, describe(object.error())));
  }
  const auto text = [&](std::string_view name) {
    const JsonValue* value = object->find(name);
    const std::string* found = value == nullptr ? nullptr : value->as<std::string>();
    return found == nullptr ? std::string() : *found;
  };
  // §4.3: exactly the same; a provider that answers for another may not vouch for its people.
  if (text("issuer") != issuer) {
    return failure(DiscoveryError::other_issuer,
                   fmt::format("the metadata of {} names another issuer", issuer));
  }
  Metadata metadata;
  metadata.jwks_uri = text("jwks_uri");
  const auto address = parse_endpoint(metadata.jwks_uri);
  if (!address) {
    return failure(DiscoveryError::bad_document,
                   fmt::format("the metadata of {} has no usable jwks_uri", issuer));
  }
  if (!may_be_asked(*address, url)) {
    return failure(DiscoveryError::forbidden_url,
                   fmt::format("the metadata of {} names a jwks_uri that is not https, or on this "
                               "machine or its neighbours",
                               issuer));
  }
  return metadata;
}

std::string metadata_address(const config::Url& url) {
  return url.text() + "/.well-known/openid-configuration";
}

runtime::Task<std::expected<std::string, DiscoveryFailure>> fetch_document(http::Fetcher& fetcher,
                                                                           std::string url,
                                                                           runtime::Time deadline) {
  http::FetchRequest request;
  request.method = "GET";
  request.url = url;
  request.headers.emplace_back("accept", "application/json");
  auto fetching = fetcher.fetch(std::move(request), deadline);
  auto answer = co_await std::move(fetching);
  if (!answer) {
    DiscoveryError error = answer.error().error == http::FetchError::timed_out
                               ? DiscoveryError::timed_out
                               : DiscoveryError::unreachable;
    co_return failure(error, fmt::format("{}: {}", url, answer.error().detail));
  }
  if (answer->status != 200) {
    co_return failure(DiscoveryError::bad_status,
                      fmt::format("{} answers with status {}", url, answer->status));
  }
  co_return std::move(answer->body);
}

runtime::Task<std::expected<KeySet, DiscoveryFailure>> fetch_keys(http::Fetcher& fetcher,
                                                                  const std::string& issuer,
                                                                  const config::Url& url,
                                                                  runtime::Time deadline) {
  auto asking = fetch_document(fetcher, metadata_address(url), deadline);
  auto document = co_await std::move(asking);
  if (!document) co_return std::unexpected(std::move(document.error()));
  auto metadata = parse_metadata(*document, issuer, url);
  if (!metadata) co_return std::unexpected(std::move(metadata.error()));
  auto asking_keys = fetch_document(fetcher, metadata->jwks_uri, deadline);
  auto body = co_await std::move(asking_keys);
  if (!body) co_return std::unexpected(std::move(body.error()));
  auto keys = KeySet::parse(*body);
  if (!keys) {
    co_return failure(DiscoveryError::bad_keys,
                      fmt::format("the keys of {}: {}", issuer, describe(keys.error())));
  }
  co_return std::move(*keys);
}

}  // namespace signet::identity
