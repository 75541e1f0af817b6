#include "origin/resolver.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

namespace signet::origin {

namespace {

using namespace std::chrono_literals;

constexpr runtime::Duration kFresh = 10s;
constexpr runtime::Duration kUsable = 30s;
constexpr runtime::Duration kStale = 1h;
constexpr runtime::Duration kPauseAfterFailure = 1s;

class LookUp final : public runtime::Job {
 public:
  LookUp(std::shared_ptr<const Names> names, std::string host, std::uint16_t port)
      : names_(std::move(names)), host_(std::move(host)), port_(port) {}
  void run() noexcept override { found = names_->look_up(host_, port_); }

  std::expected<Addresses, ResolveError> found;

 private:
  std::shared_ptr<const Names> names_;
  std::string host_;
  std::uint16_t port_;
};

}  // namespace

std::expected<Addresses, ResolveError> SystemNames::look_up(const std::string& host,
                                                            std::uint16_t port) const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (status != 0) {
    return std::unexpected(
        ResolveError{fmt::format("cannot resolve {}: {}", host, gai_strerror(status))});
  }
  Addresses found;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    found.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  freeaddrinfo(list);
  if (found.empty()) {
    return std::unexpected(ResolveError{fmt::format("{} has no addresses", host)});
  }
  return found;
}

CachingResolver::CachingResolver(runtime::EventLoop& loop, runtime::Lane& lane,
                                 std::shared_ptr<const Names> names)
    : loop_(loop), lane_(lane), names_(std::move(names)), looking_up_(loop) {}

CachingResolver::~CachingResolver() = default;

runtime::Task<std::expected<Addresses, ResolveError>> CachingResolver::resolve(
    std::string host, std::uint16_t port, runtime::Time deadline) {
  if (auto numeric = runtime::Address::numeric(host, port)) co_return Addresses{*numeric};
  Name& known = name(host, port);
  const runtime::Duration age = loop_.now() - known.resolved;
  const bool has_addresses = !known.addresses.empty();
  if (has_addresses && age <= kFresh) co_return known.addresses;
  if (!known.under_way && loop_.now() - known.failed >= kPauseAfterFailure) {
    begin(known, host, port);
  }
  if (has_addresses && age <= kUsable) co_return known.addresses;
  bool in_time = true;
  while (known.under_way && in_time) {
    in_time = co_await known.arrived.wait(loop_, deadline) == runtime::Wake::ready;
  }
  if (!known.addresses.empty() && loop_.now() - known.resolved <= kStale) {
    co_return known.addresses;
  }
  if (known.under_way) {
    co_return std::unexpected(ResolveError{fmt::format("resolving {} took too long", host)});
  }
  co_return std::unexpected(known.error);
}

CachingResolver::Name& CachingResolver::name(const std::string& host, std::uint16_t port) {
  std::string key = fmt::format("{}:{}", host, port);
  if (auto found = known_.find(key); found != known_.end()) return *found->second;
  auto made = std::make_unique<Name>();
  // Long ago, without reaching back beyond the clock's beginning.
  made->resolved = made->failed = loop_.now() - kStale;
  return *known_.emplace(std::move(key), std::move(made)).first->second;
}

void CachingResolver::begin(Name& name, const std::string& host, std::uint16_t port) {
  name.under_way = true;
  looking_up_.start(look_up(name, host, port));
}

runtime::Task<void> CachingResolver::look_up(Name& name, std::string host, std::uint16_t port) {
  auto job = std::make_unique<LookUp>(names_, host, port);
  auto done = co_await lane_.run(loop_, std::move(job));
  std::expected<Addresses, ResolveError> found;
  if (done) {
    found = std::move((*done)->found);
  } else {
    found = std::unexpected(ResolveError{"too many names are being resolved"});
  }
  if (found) {
    name.addresses = std::move(*found);
    name.resolved = loop_.now();
  } else {
    name.error = std::move(found).error();
    name.failed = loop_.now();
  }
  name.under_way = false;
  name.arrived.wake_all();
}

}  // namespace signet::origin
