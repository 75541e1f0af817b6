#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>

#include "credentials/holder.h"
#include "credentials/observer.h"
#include "credentials/refresh_rules.h"
#include "credentials/refresher.h"
#include "credentials/sts.h"
#include "credentials/variables.h"
#include "crypto/random.h"
#include "http/fetch.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"

namespace signet::credentials {

// Whose keys. Two that differ in anything never share keys: sharing by the role alone would let one
// app use another's external id, or one person another's session.
struct Identity {
  Identity() = default;

  std::string role_arn;  // empty: the gateway's own keys; then only the region counts
  std::string external_id;
  std::string region;
  std::string session_name;  // session_name_for(app)
  std::string person;        // becomes the session's SourceIdentity
  std::string policy;        // a session policy

  auto operator<=>(const Identity&) const = default;
  // For logs and metrics; without the external id.
  std::string text() const;
};

// All keys of a gateway: one refresher per identity, and one of the gateway's own keys per region
// for the roles to be assumed with. Lives on the home loop: created, used and destroyed on its
// thread. All it is given must outlive it.
class Keyring {
 public:
  // Files are read on `files`, STS is reached by `fetcher`, which serves the home loop.
  Keyring(runtime::EventLoop& home, http::Fetcher& fetcher, runtime::Lane& files,
          Variables variables, crypto::Random& random, Observer& observer,
          const RefreshRules& rules);
  ~Keyring();

  // The line to the identity's keys, which begin to be loaded now if they were not yet. A loop
  // makes a Holder of it.
  std::shared_ptr<Line> line(const Identity& identity);

  // Ends the refreshers that nobody has a line to any more, after a reload. The own keys of a role
  // that went now may stay until the next call.
  void drop_unused();

  // How long an attempt to get keys may take, from the next one on.
  void set_attempt(runtime::Duration most);

  std::size_t size() const { return refreshers_.size(); }

 private:
  std::unique_ptr<Source> source_for(const Identity& identity);

  runtime::EventLoop& home_;
  runtime::Lane& files_;
  Variables variables_;
  crypto::Random& random_;
  Observer& observer_;
  RefreshRules rules_;
  Sts sts_;
  std::map<Identity, std::unique_ptr<Refresher>> refreshers_;
};

}  // namespace signet::credentials
