#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "config/load_parts.h"
#include "config/load_source.h"

namespace signet::config {

namespace {

// RFC 6749 §3.3: scope-token.
bool is_scope(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

class ProviderReader {
 public:
  ProviderReader(Reader& reader, const Node& node, std::size_t index)
      : reader_(reader), entry_(reader, &node, fmt::format("identity.providers[{}]", index)) {}

  // Whether the entry is a mapping at all.
  bool read(Provider& provider, Place place) {
    if (!entry_.present()) return false;
    provider.place = place;
    read_name(provider);
    read_issuer(reader_, entry_, provider.issuer, provider.url);
    read_client_id(reader_, entry_, provider.client_id);
    entry_.secret("client_secret", provider.client_secret);
    read_scopes(provider);
    read_meaning(entry_, provider.url, "hd: example.com",
                 {provider.require, provider.claims, provider.groups});
    entry_.boolean("unverified_email", provider.unverified_email);
    entry_.close();
    return true;
  }

 private:
  void read_name(Provider& provider) {
    must_have(reader_, entry_, "name", "one, e.g. corp");
    if (entry_.text("name", provider.name) && !is_path_name(provider.name)) {
      entry_.problem("name", fmt::format("\"{}\" is not a name for a path: write up to 63 "
                                         "lower-case letters, digits and hyphens, no hyphen first",
                                         provider.name));
    }
    if (!entry_.text("title", provider.title)) provider.title = provider.name;
    if (provider.title.size() > 200) entry_.problem("title", "longer than 200 bytes: shorten it");
  }

  void read_scopes(Provider& provider) {
    std::vector<std::string> scopes = entry_.texts("scopes", kLongestIdentityText);
    if (scopes.empty()) return;
    for (const std::string& scope : scopes) {
      if (is_scope(scope)) continue;
      entry_.problem("scopes", fmt::format("\"{}\" is not a scope: write a list of words, e.g. "
                                           "[openid, email]",
                                           scope));
      return;
    }
    if (std::ranges::find(scopes, "openid") == scopes.end()) {
      entry_.problem("scopes", "without openid the provider does not say who somebody is: add it");
    }
    provider.scopes = std::move(scopes);
  }

  Reader& reader_;
  Section entry_;
};

// By name and by client: each may be there once.
class Twice {
 public:
  explicit Twice(Reader& reader) : reader_(reader) {}

  void see(const Provider& provider) {
    if (!provider.name.empty()) {
      auto [first, fresh] = names_.emplace(provider.name, provider.place.line);
      if (!fresh) {
        reader_.problem(provider.place,
                        fmt::format("a second provider named {}, the first is at line {}: give "
                                    "each its own name",
                                    provider.name, first->second));
      }
    }
    if (provider.issuer.empty() || provider.client_id.empty()) return;
    auto [first, fresh] =
        clients_.emplace(std::tuple(provider.issuer, provider.client_id), provider.place.line);
    if (!fresh) {
      reader_.problem(provider.place,
                      fmt::format("a second provider with the issuer {} and the client_id {}, the "
                                  "first is at line {}: keep one",
                                  provider.issuer, provider.client_id, first->second));
    }
  }

 private:
  Reader& reader_;
  std::map<std::string, int> names_;
  std::map<std::tuple<std::string, std::string>, int> clients_;
};

// A session's cookie is for https alone (RFC 6265bis §4.1.2.5), and browsers make an exception for
// this machine only. People come back from the provider to public_url.
void check_addresses(Reader& reader, Section& top, const Config& config) {
  if (config.public_url && !config.public_url->https && !config.public_url->is_loopback()) {
    top.problem("public_url",
                "people sign in, and browsers keep a session's cookie only for https: write "
                "https://");
  }
  // One whose first listener is not of this machine has been told of already.
  const bool from_elsewhere = std::ranges::any_of(
      config.listen, [](const Listener& listener) { return !listener.address.is_loopback(); });
  if (!top.has("public_url") && from_elsewhere && config.listen.front().address.is_loopback()) {
    reader.problem(top.place_of("listen"),
                   "public_url is missing, and providers send people back to it: give what people "
                   "type, e.g. https://mlflow.example.com");
  }
  for (const App& app : config.apps) {
    if (!app.public_url) continue;
    reader.problem(app.place, fmt::format("app {}: an app on a host of its own cannot be signed in "
                                          "to in this version: leave public_url out",
                                          app.name));
  }
}

}  // namespace

void load_providers(Reader& reader, Section& top, Section& identity, Config& config) {
  Twice twice(reader);
  std::vector<const Node*> entries = identity.list("providers");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Provider provider;
    if (!ProviderReader(reader, *entries[i], i).read(provider, entries[i]->place)) continue;
    twice.see(provider);
    config.identity.providers.push_back(std::move(provider));
  }
  if (config.identity.has_sign_in()) check_addresses(reader, top, config);
}

}  // namespace signet::config
