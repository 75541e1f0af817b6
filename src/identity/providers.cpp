#include "identity/providers.h"

#include <algorithm>
#include <utility>

#include "runtime/race.h"

namespace signet::identity {

namespace {

constexpr runtime::Duration kGood = std::chrono::hours(1);
// A provider that is down is not asked again for each of many people at its door.
constexpr runtime::Duration kBetweenFailures = std::chrono::seconds(2);
// Of a fetch, whose own deadline it is: those who wait for it come and go.
constexpr runtime::Duration kPatience = std::chrono::seconds(8);
// How long something newer is waited for by those who could do with the old.
constexpr runtime::Duration kForNewer = std::chrono::seconds(2);

}  // namespace

Providers::Entry& Providers::entry_of(const config::Provider& provider) {
  const auto known = std::ranges::find_if(entries_, [&](const Entry& each) {
    return each.issuer == provider.issuer && each.url == provider.url;
  });
  if (known != entries_.end()) return *known;
  // Of configurations that are gone.
  std::erase_if(entries_, [&](const Entry& each) {
    return each.users == 0 && !each.fetching && home_.now() - each.used >= kGood;
  });
  Entry& entry = entries_.emplace_back();
  entry.issuer = provider.issuer;
  entry.url = provider.url;
  return entry;
}

runtime::Task<void> Providers::fetch(Entry& entry) {
  const runtime::Time deadline = runtime::after(home_.now(), kPatience);
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
  entry.fetching = false;
  entry.settled.wake_all();
}

runtime::Task<std::expected<Providers::Metadata, DiscoveryFailure>> Providers::metadata(
    const config::Provider& provider, runtime::Time deadline) {
  // Keeps the entry, which outlives even a destruction midway.
  struct Use {
    explicit Use(Entry& of) : entry(of) { ++entry.users; }
    ~Use() { --entry.users; }
    Entry& entry;
  };
  const Use use(entry_of(provider));
  Entry& entry = use.entry;
  entry.used = home_.now();
  if (entry.metadata != nullptr && home_.now() - entry.fetched < kGood) co_return entry.metadata;
  if (!entry.fetching && (!entry.tried || home_.now() - *entry.tried >= kBetweenFailures)) {
    entry.fetching = true;
    tasks_.start(fetch(entry));
  }
  if (entry.metadata != nullptr) {
    deadline = std::min(deadline, runtime::after(home_.now(), kForNewer));
  }
  while (entry.fetching) {
    if (co_await entry.settled.wait(home_, deadline) == runtime::Wake::timed_out) break;
  }
  if (entry.metadata != nullptr) co_return entry.metadata;
  if (entry.fetching) {
    co_return std::unexpected(
        DiscoveryFailure{DiscoveryError::timed_out, "the provider's metadata is still on its way"});
  }
  co_return std::unexpected(entry.failure);
}

}  // namespace signet::identity
