#include "config/load_source.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

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

void must_have(Reader& reader, const Section& entry, std::string_view key, std::string_view give) {
  if (entry.has(key)) return;
  reader.problem(entry.place_of(key),
                 fmt::format("{} has no {}: give {}", entry.name(), key, give));
}

void read_issuer(Reader& reader, Section& entry, std::string& issuer, Url& url) {
  must_have(reader, entry, "issuer", "what its tokens have as iss, e.g. https://login.example.com");
  if (!entry.text("issuer", issuer)) return;
  auto parsed = parse_url(issuer);
  if (!parsed) {
    entry.problem("issuer", parsed.error());
  } else if (!parsed->https && !parsed->is_loopback()) {
    entry.problem("issuer",
                  "its keys come over plain http, so anybody on the way could replace "
                  "them: write https://");
  } else {
    url = std::move(*parsed);
  }
}

void read_client_id(Reader& reader, Section& entry, std::string& client_id) {
  must_have(reader, entry, "client_id", "the one that the provider has for it");
  if (!entry.text("client_id", client_id)) return;
  const bool lawful = std::ranges::all_of(client_id, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (!lawful || client_id.size() > kLongestIdentityText) {
    entry.problem("client_id", fmt::format("no client has such an id: write up to {} characters "
                                           "of ASCII",
                                           kLongestIdentityText));
  }
}

void read_meaning(Section& entry, const Url& issuer, std::string_view example, Meaning meaning) {
  Section require = entry.section("require");
  for (const std::string& claim : require.keys()) {
    Requirement requirement{claim, require.texts(claim, kLongestIdentityText)};
    if (!requirement.values.empty()) meaning.require.push_back(std::move(requirement));
  }
  require.close();
  if (meaning.require.empty() && is_shared_issuer(issuer)) {
    entry.problem("issuer",
                  fmt::format("anybody can get a token of this issuer: give require, e.g. require: "
                              "{{{}}}",
                              example));
  }
  Section claims = entry.section("claims");
  claims.text("person", meaning.claims.person);
  claims.text("name", meaning.claims.name);
  claims.text("groups", meaning.claims.groups);
  claims.close();
  meaning.groups = entry.texts("groups", kLongestIdentityText);
}

}  // namespace signet::config
