#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/url.h"
#include "http/fetch.h"
#include "identity/discovery.h"
#include "identity/key_set.h"
#include "runtime/event_loop.h"
#include "runtime/task_set.h"

namespace signet::identity {

// Whose keys.
struct IssuerAddress {
  std::string issuer;  // as in `iss`
  config::Url url;
  bool operator==(const IssuerAddress&) const = default;
};

// All issuers' keys at one time; shared by all loops and never changed.
struct KeyBookPage {
  struct Entry {
    std::string issuer;
    std::shared_ptr<const KeySet> keys;  // null: none could be had yet
    std::uint64_t attempts = 0;          // at fetching them that have ended, well or not
  };
  std::vector<Entry> entries;
  std::uint64_t version = 0;

  // Null when there is no such issuer.
  const Entry* find(std::string_view issuer) const;
};

// Told of every attempt, on the home loop.
class KeyBookObserver {
 public:
  virtual ~KeyBookObserver() = default;
  virtual void fetched(std::string_view issuer, const KeySet& keys) = 0;
  // `serving`: whether older keys go on being used.
  virtual void failed(std::string_view issuer, const DiscoveryFailure& failure, bool serving) = 0;
};

struct KeyBookRules {
  runtime::Duration every = std::chrono::hours(1);  // give or take a fifth
  runtime::Duration deadline = std::chrono::seconds(10);
  // Between two fetches because a token named an unknown key.
  runtime::Duration least_gap = std::chrono::seconds(30);
  runtime::Duration first_retry = std::chrono::seconds(1);
  runtime::Duration longest_retry = std::chrono::seconds(60);
};

class KeyBook;

// One loop's sight of the keys. Made before the loops run; lives until they have stopped.
class KeyBookView {
 public:
  KeyBookView(KeyBook& book, runtime::EventLoop& loop);
  KeyBookView(const KeyBookView&) = delete;
  KeyBookView& operator=(const KeyBookView&) = delete;

  // Never null. A copy of the pointer keeps it.
  const std::shared_ptr<const KeyBookPage>& page() const { return page_; }

  // A token named a key that the issuer's set does not have: it is fetched again, but not more
  // often than the rules say, however many such tokens come. Waits for the end of the attempt, at
  // most until `deadline`: whether there are newer keys now. False at once when this loop has asked
  // for this issuer only just: then there is nothing to wait for.
  runtime::Task<bool> renew(std::string issuer, runtime::Time deadline);

 private:
  friend class KeyBook;
  void take(std::shared_ptr<const KeyBookPage> page);

  KeyBook& book_;
  runtime::EventLoop& loop_;
  std::shared_ptr<const KeyBookPage> page_;
  std::vector<std::pair<std::string, runtime::Time>> asked_;
  runtime::WaitList changed_;
};

// Fetches the issuers' keys now and then, and tells all loops. While an issuer cannot be reached
// its last keys are served. Everything not marked otherwise is called on the home loop's thread.
class KeyBook {
 public:
  // `seed`: of the jitter. All borrowed; `fetcher` serves the home loop.
  KeyBook(runtime::EventLoop& home, http::Fetcher& fetcher, KeyBookObserver& observer,
          const KeyBookRules& rules, std::uint32_t seed);
  ~KeyBook();
  KeyBook(const KeyBook&) = delete;
  KeyBook& operator=(const KeyBook&) = delete;

  // The issuers from now on. Those known before keep their keys.
  void set_issuers(const std::vector<IssuerAddress>& issuers);
  // Ends all fetching.
  void stop();

 private:
  friend class KeyBookView;
  class Update;
  class Wish;
  struct Issuer;

  static runtime::Task<void> keep(KeyBook& self, Issuer& issuer);
  runtime::Duration after_failure(Issuer& issuer);
  void wish(std::string_view issuer);
  // `newer`: with other keys than before. Else only attempts are told of.
  void publish(bool newer);

  runtime::EventLoop& home_;
  http::Fetcher& fetcher_;
  KeyBookObserver& observer_;
  const KeyBookRules rules_;
  std::minstd_rand random_;
  std::shared_ptr<const KeyBookPage> page_;
  std::vector<KeyBookView*> views_;
  std::vector<std::unique_ptr<Issuer>> issuers_;
  runtime::TaskSet tasks_;
};

}  // namespace signet::identity
