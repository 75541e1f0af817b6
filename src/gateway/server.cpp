#include "gateway/server.h"

#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "front/listener.h"
#include "gateway/home.h"
#include "gateway/other_loop.h"
#include "runtime/process.h"

namespace signet::gateway {

namespace {

constexpr std::size_t kAccessRing = std::size_t{1} << 20;
// Of lines that were promised room too: some thousands of requests at once.
constexpr std::size_t kAuditRing = std::size_t{4} << 20;

runtime::Address bound_address(int fd) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<sockaddr*>(&storage), length};
}

files::Catalogue load_portal(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / "index.html")) return files::Catalogue::not_built();
  return files::Catalogue::load(directory);
}

int open_or_throw(const runtime::Address& address) {
  auto fd = front::Listener::open(address);
  if (!fd) throw std::runtime_error(fd.error());
  return *fd;
}

}  // namespace

Server::Server(config::Config config, const ServeOptions& options,
               const config::Environment& environment)
    : options_(options),
      environment_(environment),
      config_(std::move(config)),
      portal_(load_portal(options.portal)),
      per_address_(config_.limits.connections_per_address) {
  std::size_t count = config_.workers == 0 ? runtime::usable_cpus() : config_.workers;
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<runtime::EventLoop>(clock_));
  }
  start_logging();
  watch::register_build_info(registry_, options.version, options.commit, __VERSION__);
  SpoolSettings spool;
  spool.directory = config_.spool.directory;
  spool.bytes = config_.spool.bytes;
  spool.queue = 2 * config_.limits.exchanges;
  spool_ = std::make_unique<Spool>(std::move(spool), spool_files_);
  tls_.push_back(std::make_unique<runtime::TlsClientContext>(config_.outbound.ca));
  open_sockets();
  shared_.reset(new Shared{*log_, metrics_, no_app_, portal_, *spool_, draining_, count});
}

Server::~Server() = default;

void Server::start_logging() {
  watch::LineSink& sink = log_writer_.add_shared(STDERR_FILENO);
  log_ = std::make_unique<watch::Log>(sink, clock_, config_.log.format, config_.log.level);
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    bool off = config_.log.access.to == config::LogTarget::To::off;
    access_sinks_.push_back(off ? nullptr : &log_writer_.add_ring(config_.log.access, kAccessRing));
    bool no_audit = config_.log.audit.to == config::LogTarget::To::off;
    audit_sinks_.push_back(no_audit ? nullptr
                                    : &log_writer_.add_kept_ring(config_.log.audit, kAuditRing));
  }
  log_writer_.on_trouble([this](const watch::LogWriter::Trouble& trouble) {
    if (trouble.error.empty()) {
      log_->warning("log-file-recovered", {{"file", trouble.path}, {"lost", trouble.lines_lost}});
    } else {
      log_->error("log-file-failing", {{"file", trouble.path}, {"why", trouble.error}});
    }
  });
  std::string failure = log_writer_.start();
  if (!failure.empty()) throw std::runtime_error(failure);
}

void Server::open_sockets() {
  listening_ = front::Listener::inherited();
  if (listening_.empty()) {
    for (const config::Listener& listener : config_.listen) {
      listening_.push_back(open_or_throw(listener.address));
    }
  }
  for (int fd : listening_) {
    // Without identity everybody who can connect has every permission.
    if (!config_.identity.given && !bound_address(fd).is_loopback()) {
      throw std::runtime_error("an inherited socket is not on loopback, and there is no identity");
    }
  }
  admin_fd_ = open_or_throw(config_.admin);
  admin_address_ = bound_address(admin_fd_);
  if (!config_.public_url) {
    config_.public_url = config::loopback_url(bound_address(listening_.front()));
  }
}

int Server::run() {
  runtime::name_thread("signet-loop-0");
  runtime::EventLoop& home_loop = *loops_.front();
  {
    Home home(*this);
    std::vector<std::unique_ptr<OtherLoop>> others;
    for (std::size_t i = 1; i < loops_.size(); ++i) {
      others.push_back(std::make_unique<OtherLoop>(*this, i, home));
    }
    home.begin(others);
    home_loop.run();
    home.end();
    // Their hosts hold keys and states of home: they go first.
    others.clear();
  }
  home_loop.shut();
  log_->info("stopped");
  log_writer_.flush();
  return 0;
}

}  // namespace signet::gateway
