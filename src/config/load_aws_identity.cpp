#include <algorithm>

#include <fmt/format.h>

#include "config/arn.h"
#include "config/load_parts.h"
#include "config/load_source.h"

namespace signet::config {

namespace {

void read_keys(Section& section, const Arn& signer, LoadBalancer& balancer) {
  std::string text;
  if (section.text("keys", text)) {
    auto url = parse_url(text);
    if (!url) {
      section.problem("keys", url.error());
    } else if (!url->https && !url->is_loopback()) {
      section.problem("keys",
                      "over plain http anybody on the way could replace them: write https://");
    } else {
      balancer.keys = std::move(*url);
    }
    return;
  }
  if (section.has("keys") || signer.region.empty()) return;
  auto address = load_balancer_keys(signer);
  if (!address) {
    section.problem("signer", address.error());
  } else if (auto url = parse_url(*address)) {
    balancer.keys = std::move(*url);
  }
}

}  // namespace

void load_load_balancer(Reader& reader, Section& top, Section& identity, Config& config) {
  Section section = identity.section("load_balancer");
  if (!section.present()) return;
  LoadBalancer& balancer = config.identity.load_balancer;
  balancer.given = true;
  balancer.place = identity.place_of("load_balancer");
  must_have(reader, section, "signer", "the ARN of the load balancer");
  Arn signer;
  if (section.text("signer", balancer.signer)) {
    if (auto arn = parse_load_balancer_arn(balancer.signer)) {
      signer = std::move(*arn);
    } else {
      section.problem("signer", arn.error());
    }
  }
  balancer.region = signer.region;
  read_client_id(reader, section, balancer.client_id);
  Url issuer;
  read_issuer(reader, section, balancer.issuer, issuer);
  read_meaning(section, issuer, "hd: example.com",
               {balancer.require, balancer.claims, balancer.groups});
  section.boolean("unverified_email", balancer.unverified_email);
  read_keys(section, signer, balancer);
  section.close();
  if (!top.has("trusted_proxies") || top.is_empty_list("trusted_proxies")) {
    reader.problem(balancer.place,
                   "identity.load_balancer: without trusted_proxies nobody could tell the load "
                   "balancer from others: give the addresses of its subnets, e.g. "
                   "trusted_proxies: [10.0.0.0/16]");
  }
}

void load_aws_roles(Reader& reader, Section& identity, Config& config) {
  std::vector<AwsRole>& roles = config.identity.aws_roles;
  std::vector<const Node*> entries = identity.list("aws_roles");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Section entry(reader, entries[i], fmt::format("identity.aws_roles[{}]", i));
    if (!entry.present()) continue;
    AwsRole role;
    role.place = entries[i]->place;
    must_have(reader, entry, "arn", "the role's, e.g. arn:aws:iam::123456789012:role/train-*");
    if (entry.text("arn", role.arn)) {
      if (auto arn = parse_role_pattern(role.arn); !arn) entry.problem("arn", arn.error());
      if (std::ranges::find(roles, role.arn, &AwsRole::arn) != roles.end()) {
        entry.problem("arn", fmt::format("{} is there twice: keep one", role.arn));
      }
    }
    role.groups = entry.texts("groups", kLongestIdentityText);
    entry.close();
    roles.push_back(std::move(role));
  }
}

}  // namespace signet::config
