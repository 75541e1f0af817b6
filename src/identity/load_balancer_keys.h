#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/url.h"
#include "crypto/public_key.h"
#include "http/fetch.h"
#include "identity/token_bucket.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::identity {

// The public keys of a Region's load balancers that were had so far, the newest last; shared by all
// loops and never changed.
struct LoadBalancerKeyPage {
  struct Entry {
    std::string id;
    crypto::PublicKey key;  // on P-256
  };
  std::vector<Entry> entries;
  std::uint64_t version = 0;

  // Null when it is not known.
  const crypto::PublicKey* find(std::string_view id) const;
};

// Lower-case hexadecimal digits, 8-4-4-4-12, as AWS names these keys.
bool is_uuid(std::string_view text);

// Told of every attempt, on the home loop.
class LoadBalancerKeysObserver {
 public:
  virtual ~LoadBalancerKeysObserver() = default;
  virtual void fetched(std::string_view key_id) = 0;
  // One sentence for the operator.
  virtual void failed(std::string_view key_id, std::string_view detail) = 0;
};

struct LoadBalancerKeyRules {
  LoadBalancerKeyRules() = default;
  runtime::Duration deadline = std::chrono::seconds(5);
  // Keys that are looked for: so many at once, then one each time.
  std::size_t burst = 8;
  runtime::Duration each = std::chrono::seconds(2);
  // How long it is believed that there is no such key, and that a key cannot be had now.
  runtime::Duration absent_for = std::chrono::minutes(5);
  runtime::Duration failed_for = std::chrono::seconds(5);
  std::size_t most_keys = 64;
  std::size_t most_absent = 256;
};

class LoadBalancerKeys;

// One loop's sight of the keys. Made before the loops run; lives until they have stopped.
class LoadBalancerKeysView {
 public:
  LoadBalancerKeysView(LoadBalancerKeys& keys, runtime::EventLoop& loop);
  LoadBalancerKeysView(const LoadBalancerKeysView&) = delete;
  LoadBalancerKeysView& operator=(const LoadBalancerKeysView&) = delete;

  // Never null. A copy of the pointer keeps it.
  const std::shared_ptr<const LoadBalancerKeyPage>& page() const { return page_; }

  // A token named a key that the page does not have: it is fetched, once however many ask, and not
  // more often than the rules say. True when the page has it now; waits until `deadline` at most.
  runtime::Task<bool> renew(std::string key_id, runtime::Time deadline);

 private:
  friend class LoadBalancerKeys;
  void take(std::shared_ptr<const LoadBalancerKeyPage> page) { page_ = std::move(page); }

  LoadBalancerKeys& keys_;
  runtime::EventLoop& loop_;
  std::shared_ptr<const LoadBalancerKeyPage> page_;
};

// Fetches the public keys of Application Load Balancers as tokens name them, ADDRESS/KEY-ID in PEM,
// and tells all loops. A key never changes, so it is kept until others need the room. Everything
// not marked otherwise is called on the home loop's thread.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
class LoadBalancerKeys {
 public:
  // All borrowed but `rules`; `fetcher` serves the home loop.
  LoadBalancerKeys(runtime::EventLoop& home, http::Fetcher& fetcher,
                   LoadBalancerKeysObserver& observer, const LoadBalancerKeyRules& rules);
  ~LoadBalancerKeys();
  LoadBalancerKeys(const LoadBalancerKeys&) = delete;
  LoadBalancerKeys& operator=(const LoadBalancerKeys&) = delete;

  // Where keys are from now on; nothing for nowhere. Another address means other keys.
  void set_address(const std::optional<config::Url>& address);
  // Ends all fetching; nothing is fetched any more.
  void stop();

 private:
  friend class LoadBalancerKeysView;
  class Update;

  static runtime::Task<bool> wanted(LoadBalancerKeys& self, std::string key_id,
                                    runtime::Time deadline);
  static runtime::Task<void> fetch(LoadBalancerKeys& self, std::string key_id);
  bool is_absent(const std::string& key_id);
  void remember_absent(std::string key_id, runtime::Duration how_long);
  void add(std::string key_id, crypto::PublicKey key);
  void end_fetches();
  void publish(std::vector<LoadBalancerKeyPage::Entry> entries);

  runtime::EventLoop& home_;
  http::Fetcher& fetcher_;
  LoadBalancerKeysObserver& observer_;
  const LoadBalancerKeyRules rules_;
  std::optional<config::Url> address_;
  std::shared_ptr<const LoadBalancerKeyPage> page_;
  std::vector<LoadBalancerKeysView*> views_;
  std::map<std::string, runtime::Time> absent_;  // until when
  std::vector<std::string> under_way_;
  runtime::WaitList arrived_;
  TokenBucket turns_;
  // What other loops ask for here, and the fetches themselves: those end when the address changes.
  runtime::TaskSet asked_;
  runtime::TaskSet fetches_;
};

}  // namespace signet::identity
