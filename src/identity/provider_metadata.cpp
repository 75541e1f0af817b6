#include "identity/provider_metadata.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "identity/json.h"

namespace signet::identity {

namespace {

// One provider's document, read member by member; remembers the first thing that is wrong.
class Document {
 public:
  Document(const JsonObject& object, std::string_view issuer, const config::Url& url)
      : object_(object), issuer_(issuer), url_(url) {}

  std::string endpoint(std::string_view name, bool required) {
    const auto* text = find<std::string>(name);
    if (text == nullptr) {
      if (required) fail(DiscoveryError::bad_document, name, "is missing");
      return {};
    }
    const auto address = parse_endpoint(*text);
    if (!address) {
      fail(DiscoveryError::bad_document, name, "is no usable address");
    } else if (!may_be_asked(*address, url_)) {
      fail(DiscoveryError::forbidden_url, name,
           "is not https, or on this machine or its neighbours");
    }
    return *text;
  }
  bool flag(std::string_view name) {
    const auto* value = find<bool>(name);
    return value != nullptr && *value;
  }
  // Nothing when the document does not have it.
  std::optional<std::vector<std::string>> texts(std::string_view name) {
    const auto* array = find<JsonArray>(name);
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> found;
    for (const JsonValue& element : *array) {
      const auto* text = element.as<std::string>();
      if (text == nullptr) {
        fail(DiscoveryError::bad_document, name, "is no list of texts");
        break;
      }
      found.push_back(*text);
    }
    return found;
  }
  void fail(DiscoveryError error, std::string_view name, std::string_view what) {
    if (failure_) return;
    failure_ =
        DiscoveryFailure{error, fmt::format("the metadata of {}: {} {}", issuer_, name, what)};
  }
  std::optional<DiscoveryFailure>& failure() { return failure_; }

 private:
  // Null when it is absent or, as some providers write that, null.
  template <typename T>
  const T* find(std::string_view name) {
    const JsonValue* value = object_.find(name);
    if (value == nullptr || value->as<std::nullptr_t>() != nullptr) return nullptr;
    const T* found = value->as<T>();
    if (found == nullptr) fail(DiscoveryError::bad_document, name, "is of the wrong type");
    return found;
  }

  const JsonObject& object_;
  std::string_view issuer_;
  const config::Url& url_;
  std::optional<DiscoveryFailure> failure_;
};

AlgorithmSet algorithms_of(Document& document) {
  constexpr std::string_view kName = "id_token_signing_alg_values_supported";
  const auto names = document.texts(kName);
  // The one that every provider must have (Discovery §3), for those that do not say.
  if (!names) return {Algorithm::rs256};
  AlgorithmSet algorithms;
  for (const std::string& name : *names) {
    if (const auto algorithm = parse_algorithm(name)) algorithms.add(*algorithm);
  }
  if (algorithms.empty()) {
    document.fail(DiscoveryError::bad_document, kName, "has nothing that Signet verifies");
  }
  return algorithms;
}

}  // namespace

std::expected<ProviderMetadata, DiscoveryFailure> parse_provider_metadata(std::string_view json,
                                                                          std::string_view issuer,
                                                                          const config::Url& url) {
  auto basics = parse_metadata(json, issuer, url);
  if (!basics) return std::unexpected(std::move(basics.error()));
  const auto object = parse_json_object(json);
  if (!object) {
    return std::unexpected(
        DiscoveryFailure{DiscoveryError::bad_document, std::string(describe(object.error()))});
  }
  Document document(*object, issuer, url);
  ProviderMetadata metadata;
  metadata.issuer = issuer;
  metadata.jwks_uri = std::move(basics->jwks_uri);
  metadata.authorization_endpoint = document.endpoint("authorization_endpoint", true);
  metadata.token_endpoint = document.endpoint("token_endpoint", true);
  metadata.userinfo_endpoint = document.endpoint("userinfo_endpoint", false);
  metadata.end_session_endpoint = document.endpoint("end_session_endpoint", false);
  metadata.callbacks_name_issuer = document.flag("authorization_response_iss_parameter_supported");
  metadata.backchannel_logout = document.flag("backchannel_logout_supported");
  metadata.id_token_algorithms = algorithms_of(document);
  metadata.code_challenge_methods =
      document.texts("code_challenge_methods_supported").value_or(std::vector<std::string>());
  metadata.token_endpoint_auth_methods =
      document.texts("token_endpoint_auth_methods_supported").value_or(std::vector<std::string>());
  if (document.failure()) return std::unexpected(std::move(*document.failure()));
  return metadata;
}

runtime::Task<std::expected<ProviderMetadata, DiscoveryFailure>> fetch_provider_metadata(
    http::Fetcher& fetcher, const std::string& issuer, const config::Url& url,
    runtime::Time deadline) {
  auto asking = fetch_document(fetcher, metadata_address(url), deadline);
  auto document = co_await std::move(asking);
  if (!document) co_return std::unexpected(std::move(document.error()));
  co_return parse_provider_metadata(*document, issuer, url);
}

}  // namespace signet::identity
