#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/pulse.h"
#include "http/body.h"
#include "http/host.h"
#include "runtime/address.h"
#include "watch/metrics.h"

namespace signet::gateway {

// Whether this gateway should get traffic. Asked on the admin listener's loop, which must not wait.
class Readiness {
 public:
  virtual ~Readiness() = default;
  // Why not, one short sentence each, without secrets: "draining", "no credentials for app
  // research". Empty: ready.
  virtual std::vector<std::string> reasons() const = 0;
};

// The admin listener: GET /healthz, /readyz and /metrics, nothing else. The Host must be the
// listener's own address or a loopback name, so that no web page can read it by rebinding a name.
class Admin final : public http::Handler {
 public:
  // All borrowed. `bound`: the listener's address, after bind. `before_metrics` (may be empty) runs
  // before each scrape, to set gauges that are cheaper asked for than kept.
  Admin(const runtime::Address& bound, const watch::Registry& registry, const Readiness& readiness,
        Pulse& pulse, std::function<void()> before_metrics);

  runtime::Task<void> handle(http::Request& request, http::ByteSource& body,
                             http::Reply& reply) override;
  runtime::Task<void> handle_malformed(http::Request& request, http::ParseError error,
                                       http::Reply& reply) override;

 private:
  struct Answer {
    int status = 200;
    std::string_view type;
    std::string text;
  };

  Answer answer_to(const http::Request& request);
  Answer health();
  Answer readiness() const;
  bool is_our_host(const http::Authority& authority) const;
  static runtime::Task<void> send(http::Request& request, http::Reply& reply, Answer result);

  std::string bound_host_;  // as an Authority writes it
  bool wildcard_;
  const watch::Registry& registry_;
  const Readiness& readiness_;
  Pulse& pulse_;
  std::function<void()> before_metrics_;
};

}  // namespace signet::gateway
