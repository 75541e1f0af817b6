// Proofs of AWS roles: what is taken leads to STS and nowhere else, is sent as it was signed, names
// this gateway and ends soon.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "identity/aws_proof.h"
#include "identity/form.h"

namespace {

using namespace signet;

constexpr std::int64_t kNow = 1'440'938'160;
constexpr std::string_view kGateway = "mlflow.example.com";

void require(bool holds) {
  if (!holds) std::abort();
}

void read(std::string_view body) {
  const auto proof = identity::parse_aws_proof(body, kGateway, kNow);
  if (!proof) {
    require(identity::to_string(proof.error().error) != "unknown");
    require(!proof.error().detail.empty());
    return;
  }
  require(proof->host.starts_with("sts.") || proof->host.starts_with("sts-fips."));
  require(proof->host.ends_with(".amazonaws.com") || proof->host.ends_with(".amazonaws.com.cn") ||
          proof->host.ends_with(".amazonaws.eu"));
  for (const char c : proof->host)
    require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
  require(proof->gateway == kGateway);
  require(proof->good_until > kNow && proof->good_until <= kNow + 360);
  const auto parameters = identity::parse_form(proof->query);
  require(parameters && parameters->size() >= 8 && parameters->size() <= 9);
  require(identity::form_text(*parameters) == proof->query);
  bool asks = false;
  for (const identity::FormParameter& each : *parameters)
    asks = asks || (each.name == "Action" && each.value == "GetCallerIdentity");
  require(asks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  // Mutations of the URL reach further when they need not keep the JSON around it.
  if (text.find_first_of("\"\\") == std::string_view::npos) {
    read(R"({"url":")" + std::string(text) +
         R"(","headers":{"x-signet-gateway":"mlflow.example.com"}})");
  }
  return 0;
}
