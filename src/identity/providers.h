#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "config/identity.h"
#include "http/fetch.h"
#include "identity/discovery.h"
#include "identity/provider_metadata.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"
#include "runtime/task_set.h"

namespace signet::identity {

// Where the providers' endpoints are, fetched when somebody needs them and kept for an hour. On the
// home loop.
class Providers {
 public:
  // All borrowed; `fetcher` serves the home loop.
  Providers(runtime::EventLoop& home, http::Fetcher& fetcher)
      : home_(home), fetcher_(fetcher), tasks_(home) {}
  Providers(const Providers&) = delete;
  Providers& operator=(const Providers&) = delete;

  using Metadata = std::shared_ptr<const ProviderMetadata>;
  // By `deadline`. What is older than an hour is fetched anew, and still used when that fails or
  // takes longer than two seconds. However many ask at once, one fetch serves them all, and goes on
  // when whoever asked first is destroyed. `provider` must outlive the task.
  runtime::Task<std::expected<Metadata, DiscoveryFailure>> metadata(
      const config::Provider& provider, runtime::Time deadline);

 private:
  struct Entry {
    std::string issuer;
    config::Url url;
    Metadata metadata;
    runtime::Time fetched{};
    std::optional<runtime::Time> tried;
    DiscoveryFailure failure;
    bool fetching = false;
    runtime::WaitList settled;
    unsigned users = 0;
    runtime::Time used{};
  };
  Entry& entry_of(const config::Provider& provider);
  runtime::Task<void> fetch(Entry& entry);

  runtime::EventLoop& home_;
  http::Fetcher& fetcher_;
  std::list<Entry> entries_;  // by issuer and address; they stay where they are
  runtime::TaskSet tasks_;
};

}  // namespace signet::identity
