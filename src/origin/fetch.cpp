#include "origin/fetch.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "http/host.h"
#include "runtime/race.h"

namespace signet::origin {

namespace {

using Fetched = std::expected<http::FetchAnswer, http::FetchFailure>;
using http::FetchError;

constexpr std::size_t kLargestAnswer = 1024 * 1024;
constexpr std::size_t kHostsKept = 32;
constexpr std::size_t kPiece = 64 * 1024;

// A body that is there as a whole.
class TextSource final : public http::ByteSource {
 public:
  TextSource(runtime::BlockPool& blocks, std::string_view text)
      : blocks_(blocks), length_(text.size()), rest_(text) {}

  runtime::Task<std::expected<runtime::Buffer, http::BodyError>> read(std::size_t max) override {
    const std::string_view part = rest_.substr(0, std::min(max, kPiece));
    rest_.remove_prefix(part.size());
    if (part.empty()) co_return runtime::Buffer();
    co_return runtime::Buffer::copy_of(blocks_, part);
  }
  std::optional<std::uint64_t> length() const override { return length_; }
  void stop() override { rest_ = {}; }

 private:
  runtime::BlockPool& blocks_;
  std::size_t length_;
  std::string_view rest_;
};

http::FetchFailure failure(const SendError& error) {
  std::string detail(to_string(error.kind));
  if (!error.detail.empty()) detail += fmt::format(": {}", error.detail);
  switch (error.kind) {
    case SendError::Kind::unsendable: return {FetchError::bad_url, std::move(detail)};
    case SendError::Kind::bad_response: return {FetchError::bad_response, std::move(detail)};
    case SendError::Kind::response_timed_out:
    case SendError::Kind::send_timed_out: return {FetchError::timed_out, std::move(detail)};
    case SendError::Kind::lost:
    case SendError::Kind::request_body: return {FetchError::lost, std::move(detail)};
    default: return {FetchError::unreachable, std::move(detail)};
  }
}

http::FetchFailure failure(http::BodyError error) {
  switch (error) {
    case http::BodyError::stalled:
      return {FetchError::timed_out, "the answer's body made no progress"};
    case http::BodyError::gone:
      return {FetchError::lost, "the connection ended inside the answer's body"};
    default: return {FetchError::bad_response, "the answer's body is malformed"};
  }
}

std::string_view lower_case(runtime::Arena& arena, std::string_view name) {
  char* lower = arena.make_array<char>(name.size());
  std::ranges::transform(name, lower, [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return {lower, name.size()};
}

}  // namespace

struct OriginFetcher::Url {
  bool https = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string path;
  std::string query;
};

struct OriginFetcher::Host {
  Host(runtime::EventLoop& loop, Settings settings, Resolver& resolver)
      : origin(loop, std::move(settings), resolver) {}

  // Holds the host while somebody fetches from it.
  class Use {
   public:
    explicit Use(Host& host) : host_(host) { ++host_.users; }
    ~Use() { --host_.users; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Host& host_;
  };

  Origin origin;
  std::size_t users = 0;
};

OriginFetcher::OriginFetcher(runtime::EventLoop& loop, Resolver& resolver,
                             runtime::TlsClientContext& tls, const Timeouts& timeouts,
                             const config::OutboundProxy& proxy)
    : loop_(loop), resolver_(resolver), tls_(&tls), timeouts_(timeouts), proxy_(proxy) {}

OriginFetcher::~OriginFetcher() = default;

std::expected<OriginFetcher::Url, http::FetchFailure> OriginFetcher::parse(
    const std::string& text) {
  const auto refused = [](std::string_view why) {
    return std::unexpected(http::FetchFailure{FetchError::bad_url, std::string(why)});
  };
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.https = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refused("the URL begins with neither https:// nor http://");
  }
  if (rest.find('#') != std::string_view::npos) return refused("the URL has a fragment");
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string authority_text(rest.substr(0, end));
  const auto authority = http::parse_authority(authority_text);
  if (!authority) return refused("the URL's host or port is malformed");
  url.host = authority->host;
  if (url.host.starts_with('[')) url.host = url.host.substr(1, url.host.size() - 2);
  url.port = authority->port_or(url.https ? 443 : 80);
  rest.remove_prefix(end);
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  url.path = mark == 0 ? "/" : rest.substr(0, mark);
  if (mark < rest.size()) url.query = rest.substr(mark + 1);
  return url;
}

void OriginFetcher::change(runtime::TlsClientContext& tls, const Timeouts& timeouts,
                           const config::OutboundProxy& proxy) {
  proxy_ = proxy;
  tls_ = &tls;
  timeouts_ = timeouts;
  ++changes_;
  drop_unused();
}

void OriginFetcher::drop_unused() {
  std::erase_if(hosts_, [](const auto& each) { return each.second->users == 0; });
}

OriginFetcher::Host& OriginFetcher::host_of(const Url& url) {
  std::string key =
      fmt::format("{}://{}:{} {}", url.https ? "https" : "http", url.host, url.port, changes_);
  if (auto found = hosts_.find(key); found != hosts_.end()) return *found->second;
  if (hosts_.size() >= kHostsKept) drop_unused();
  Settings settings;
  settings.name = url.host;
  settings.https = url.https;
  settings.host = url.host;
  settings.port = url.port;
  settings.tls = tls_;
  if (proxy_.is_for(url.host, url.https)) {
    settings.proxy_host = proxy_.host;
    settings.proxy_port = proxy_.port;
  }
  settings.timeouts = timeouts_;
  auto made = std::make_unique<Host>(loop_, std::move(settings), resolver_);
  return *hosts_.emplace(std::move(key), std::move(made)).first->second;
}

runtime::Task<Fetched> OriginFetcher::fetch(http::FetchRequest request, runtime::Time deadline) {
  auto url = parse(request.url);
  if (!url) co_return std::unexpected(std::move(url).error());
  Host& host = host_of(*url);
  const Host::Use use(host);
  auto running = run(host.origin, *url, request);
  auto fetched = co_await runtime::within(loop_, deadline, std::move(running));
  if (!fetched) {
    co_return std::unexpected(
        http::FetchFailure{FetchError::timed_out, "no complete answer within the deadline"});
  }
  co_return std::move(*fetched);
}

runtime::Task<Fetched> OriginFetcher::run(Origin& origin, const Url& url,
                                          const http::FetchRequest& request) {
  runtime::Arena arena(loop_.blocks());
  Outgoing outgoing(arena);
  outgoing.method = request.method;
  outgoing.path = url.path;
  outgoing.query = url.query;
  for (const auto& [name, value] : request.headers)
    outgoing.fields.add(lower_case(arena, name), value);
  outgoing.has_body = !request.body.empty();
  outgoing.length = request.body.size();
  TextSource body(loop_.blocks(), request.body);
  auto incoming = co_await origin.send(outgoing, &body, nullptr);
  if (!incoming) co_return std::unexpected(failure(incoming.error()));

  http::FetchAnswer answer;
  answer.status = static_cast<unsigned>(incoming->status());
  for (const http::Field& field : incoming->fields())
    answer.headers.emplace_back(field.name, field.value);
  while (true) {
    auto piece = co_await incoming->body().read(kPiece);
    if (!piece) co_return std::unexpected(failure(piece.error()));
    if (piece->empty()) break;
    if (answer.body.size() + piece->size() > kLargestAnswer) {
      co_return std::unexpected(
          http::FetchFailure{FetchError::bad_response, "the answer is over 1 MiB"});
    }
    answer.body += piece->view();
  }
  co_return answer;
}

}  // namespace signet::origin
