#include "signing/signing_keys.h"

#include <algorithm>
#include <functional>
#include <span>

#include "crypto/secret.h"

namespace signet::signing {

crypto::Digest derive_signing_key(std::string_view secret, std::string_view day,
                                  std::string_view region, std::string_view service) {
  std::string seed = "AWS4";
  seed.append(secret);
  crypto::Digest key = crypto::HmacSha256(seed).of(day);
  crypto::wipe(seed);
  for (const std::string_view part : {region, service, std::string_view("aws4_request")}) {
    key = crypto::HmacSha256(key).of(part);
  }
  return key;
}

SigningKeys::SigningKeys(std::size_t capacity)
    : entries_(std::max<std::size_t>(1, (capacity + kNeighbours - 1) / kNeighbours) * kNeighbours) {
}

SigningKeys::~SigningKeys() {
  for (Entry& entry : entries_)
    crypto::wipe(entry.secret);
}

const crypto::HmacSha256& SigningKeys::key_for(const AccessKey& access_key, std::string_view day,
                                               std::string_view region, std::string_view service) {
  const std::size_t places = entries_.size() / kNeighbours;
  const std::size_t hash = std::hash<std::string_view>{}(access_key.id) +
                           31 * std::hash<std::string_view>{}(region) +
                           961 * std::hash<std::string_view>{}(service);
  const std::span<Entry> neighbours =
      std::span(entries_).subspan(hash % places * kNeighbours, kNeighbours);

  ++uses_;
  for (Entry& entry : neighbours) {
    if (entry.key.has_value() && entry.access_key_id == access_key.id && entry.region == region &&
        entry.service == service && std::string_view(entry.day.data(), entry.day.size()) == day &&
        crypto::equal_constant_time(entry.secret, access_key.secret)) {
      entry.last_used = uses_;
      return *entry.key;
    }
  }

  Entry& entry = *std::ranges::min_element(neighbours, {}, &Entry::last_used);
  crypto::wipe(entry.secret);
  entry.access_key_id = access_key.id;
  entry.secret = access_key.secret;
  entry.region = region;
  entry.service = service;
  std::ranges::copy(day.substr(0, entry.day.size()), entry.day.begin());
  crypto::Digest key = derive_signing_key(access_key.secret, day, region, service);
  entry.key.emplace(key);
  crypto::wipe(key);
  entry.last_used = uses_;
  ++derived_;
  return *entry.key;
}

}  // namespace signet::signing
