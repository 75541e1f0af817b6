#include "identity/providers.h"

#include <algorithm>
#include <utility>

#include "runtime/race.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kGood = std::chrono::hours(1);
// A provider that is down is not asked again for each of many people at its door.
constexpr runtime::Duration kBetweenFailures = std::chrono::seconds(2);

}  // namespace

Providers::Entry& Providers::entry_of(const config::Provider& provider) {
  const auto known = std::ranges::find_if(entries_, [&](const Entry& each) {
    return each.issuer == provider.issuer && each.url == provider.url;
  });
  if (known != entries_.end()) return *known;
  Entry& entry = entries_.emplace_back();
  entry.issuer = provider.issuer;
  entry.url = provider.url;
  return entry;
}

runtime::Task<void> Providers::fetch(Entry& entry, runtime::Time deadline) {
  // Whoever waits beside must be told however this ends, its destruction too.
  struct Settle {
    explicit Settle(Entry& of) : entry(of) { entry.fetching = true; }
    ~Settle() {
      entry.fetching = false;
      entry.settled.wake_all();
    }
    Entry& entry;
  } settle(entry);
  auto fetching = fetch_provider_metadata(fetcher_, entry.issuer, entry.url, deadline);
  auto fetched = co_await runtime::within(home_, deadline, std::move(fetching));
  entry.tried = home_.now();
  if (!fetched) {
    entry.failure = {DiscoveryError::timed_out, "the provider's metadata did not come in time"};
  } else if (!*fetched) {
    entry.failure = std::move(fetched->error());
  } else {
    entry.metadata = std::make_shared<const ProviderMetadata>(std::move(**fetched));
    entry.fetched = home_.now();
  }
}

runtime::Task<std::expected<Providers::Metadata, DiscoveryFailure>> Providers::metadata(
    const config::Provider& provider, runtime::Time deadline) {
  Entry& entry = entry_of(provider);
  const bool fresh = entry.metadata != nullptr && home_.now() - entry.fetched < kGood;
  if (!fresh && entry.fetching) {
    while (entry.fetching) {
      if (co_await entry.settled.wait(home_, deadline) == runtime::Wake::timed_out) break;
    }
  } else if (!fresh &&
             (entry.tried == runtime::Time{} || home_.now() - entry.tried >= kBetweenFailures)) {
    auto fetching = fetch(entry, deadline);
    co_await std::move(fetching);
  }
  if (entry.metadata != nullptr) co_return entry.metadata;
  if (entry.fetching) {
    co_return std::unexpected(
        DiscoveryFailure{DiscoveryError::timed_out, "the provider's metadata is still on its way"});
  }
  co_return std::unexpected(entry.failure);
}

}  // namespace signet::identity
