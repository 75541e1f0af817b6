#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/address.h"
#include "runtime/event_loop.h"
#include "runtime/lane.h"
#include "runtime/task.h"
#include "runtime/task_set.h"

namespace signet::origin {

using Addresses = std::vector<runtime::Address>;  // never empty, in the order to be tried

struct ResolveError {
  std::string why;  // one plain sentence
};

// Turns a host into addresses, on one loop.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // `host` is a name or a numeric address, which needs no look-up.
  virtual runtime::Task<std::expected<Addresses, ResolveError>> resolve(std::string host,
                                                                        std::uint16_t port,
                                                                        runtime::Time deadline) = 0;
};

// The blocking look-up itself, called on helper threads, several at once.
class Names {
 public:
  virtual ~Names() = default;
  virtual std::expected<Addresses, ResolveError> look_up(const std::string& host,
                                                         std::uint16_t port) const = 0;
};

// getaddrinfo: /etc/hosts, DNS and whatever else nsswitch.conf names; its order is kept (RFC 6724).
class SystemNames final : public Names {
 public:
  std::expected<Addresses, ResolveError> look_up(const std::string& host,
                                                 std::uint16_t port) const override;
};

// Keeps answers. getaddrinfo tells no lifetimes, so: up to 10 s old they are given at once; up to
// 30 s at once while they are looked up anew; then the look-up is awaited. When it fails, the last
// answer serves for an hour. At most one look-up per name is under way, and after a failed one
// there is none for a second.
class CachingResolver final : public Resolver {
 public:
  // `lane` is the one for names; it and the loop must outlive the resolver.
  CachingResolver(runtime::EventLoop& loop, runtime::Lane& lane,
                  std::shared_ptr<const Names> names);
  ~CachingResolver() override;

  runtime::Task<std::expected<Addresses, ResolveError>> resolve(std::string host,
                                                                std::uint16_t port,
                                                                runtime::Time deadline) override;

 private:
  struct Name {
    Addresses addresses;
    runtime::Time resolved{};
    ResolveError error;
    runtime::Time failed{};
    bool under_way = false;
    runtime::WaitList arrived;
  };

  Name& name(const std::string& host, std::uint16_t port);
  void begin(Name& name, const std::string& host, std::uint16_t port);
  runtime::Task<void> look_up(Name& name, std::string host, std::uint16_t port);

  runtime::EventLoop& loop_;
  runtime::Lane& lane_;
  std::shared_ptr<const Names> names_;
  std::map<std::string, std::unique_ptr<Name>> known_;
  runtime::TaskSet looking_up_;
};

}  // namespace signet::origin
