#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/outbound_proxy.h"
#include "http/fetch.h"
#include "origin/origin.h"
#include "origin/resolver.h"
#include "origin/settings.h"
#include "runtime/event_loop.h"
#include "runtime/tls.h"

namespace signet::origin {

// Signet's own small requests (STS and the like), over origins of their own that come and go with
// the hosts asked. Follows no redirects, reads at most 1 MiB, verifies TLS, retries only as engine
// rule 24 allows. One per loop; must outlive its tasks.
class OriginFetcher final : public http::Fetcher {
 public:
  // All borrowed but `timeouts` and `proxy`; the timeouts hold besides the caller's deadlines.
  OriginFetcher(runtime::EventLoop& loop, Resolver& resolver, runtime::TlsClientContext& tls,
                const Timeouts& timeouts, const config::OutboundProxy& proxy = {});
  ~OriginFetcher() override;

  // For fetches that begin from now on. `tls` is borrowed, and so stays the one before.
  void change(runtime::TlsClientContext& tls, const Timeouts& timeouts,
              const config::OutboundProxy& proxy);

  // Header names may have any case. Host, framing and connection headers are not the caller's:
  // with one of them the answer is bad_url.
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> fetch(
      http::FetchRequest request, runtime::Time deadline) override;

 private:
  struct Url;
  struct Host;

  static std::expected<Url, http::FetchFailure> parse(const std::string& text);
  Host& host_of(const Url& url);
  void drop_unused();
  runtime::Task<std::expected<http::FetchAnswer, http::FetchFailure>> run(
      Origin& origin, const Url& url, const http::FetchRequest& request);

  runtime::EventLoop& loop_;
  Resolver& resolver_;
  runtime::TlsClientContext* tls_;
  Timeouts timeouts_;
  config::OutboundProxy proxy_;
  unsigned changes_ = 0;
  std::map<std::string, std::unique_ptr<Host>> hosts_;  // by "https://host:port" and changes_
};

}  // namespace signet::origin
