#include "runtime/tls.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace signet::runtime {

namespace {

constexpr std::size_t kSmallRecord = 4096;
constexpr std::size_t kLargeRecord = 16384;
constexpr std::size_t kSmallRecordsFor = 65536;

std::string openssl_reason() {
  std::array<char, 256> text{};
  unsigned long code = ERR_peek_last_error();
  if (code == 0) return "the connection ended";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

// A BIO over Socket rather than over its descriptor: readiness flags and per-turn shares stay true,
// and writes never raise SIGPIPE.
int bio_read(BIO* bio, char* into, int length) {
  auto* socket = static_cast<Socket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  auto got = socket->try_read({into, static_cast<std::size_t>(length)});
  if (got) {
    if (*got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(*got);
  }
  if (got.error() == IoError::would_block) BIO_set_retry_read(bio);
  return -1;
}

int bio_write(BIO* bio, const char* from, int length) {
  auto* socket = static_cast<Socket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  iovec piece{const_cast<char*>(from), static_cast<std::size_t>(length)};
  auto wrote = socket->try_write({&piece, 1});
  if (wrote) return static_cast<int>(*wrote);
  if (wrote.error() == IoError::would_block) BIO_set_retry_write(bio);
  return -1;
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO* socket_bio(Socket& socket) {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "signet socket");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
    return method;
  }();
  BIO* bio = BIO_new(kMethod);
  BIO_set_data(bio, &socket);
  return bio;
}

struct SessionPlace {
  TlsSessions* sessions;
  std::string peer;
};

int session_place_index() {
  static const int kIndex = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* place, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<SessionPlace*>(place);
      });
  return kIndex;
}

}  // namespace

TlsSessions::~TlsSessions() {
  for (auto& [peer, session] : sessions_)
    SSL_SESSION_free(session);
}

void TlsSessions::put(const std::string& peer, SSL_SESSION* session) {
  constexpr std::size_t kKeptPerPeer = 8;
  std::lock_guard lock(mutex_);
  auto [first, last] = sessions_.equal_range(peer);
  if (static_cast<std::size_t>(std::distance(first, last)) >= kKeptPerPeer) {
    SSL_SESSION_free(first->second);
    sessions_.erase(first);
  }
  sessions_.emplace(peer, session);
}

SSL_SESSION* TlsSessions::take(const std::string& peer) {
  std::lock_guard lock(mutex_);
  auto [first, last] = sessions_.equal_range(peer);
  if (first == last) return nullptr;
  auto newest = std::prev(last);
  SSL_SESSION* session = newest->second;
  sessions_.erase(newest);
  return session;
}

TlsClientContext::TlsClientContext(const std::string& ca_file)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                               : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) {
    throw std::runtime_error(fmt::format(
        "cannot read certificates from {}: {}",
        ca_file.empty() ? std::string("the system's store") : ca_file, openssl_reason()));
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsClientContext::remember);
}

int TlsClientContext::remember(SSL* ssl, SSL_SESSION* session) {
  auto* place = static_cast<SessionPlace*>(SSL_get_ex_data(ssl, session_place_index()));
  place->sessions->put(place->peer, session);
  return 1;
}

std::unique_ptr<TlsStream> TlsClientContext::open(std::unique_ptr<Socket> socket,
                                                  const std::string& host, std::uint16_t port) {
  SSL* ssl = SSL_new(context_.get());
  std::string peer = fmt::format("{}:{}", host, port);
  if (Address::numeric(host, port)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    SSL_set1_host(ssl, host.c_str());
  }
  if (SSL_SESSION* session = sessions_.take(peer)) {
    SSL_set_session(ssl, session);
    SSL_SESSION_free(session);
  }
  SSL_set_ex_data(ssl, session_place_index(), new SessionPlace{&sessions_, std::move(peer)});
  SSL_set_connect_state(ssl);
  return std::make_unique<TlsStream>(std::move(socket), ssl);
}

TlsStream::TlsStream(std::unique_ptr<Socket> socket, SSL* ssl)
    : socket_(std::move(socket)), ssl_(ssl, SSL_free), last_write_(socket_->loop().now()) {
  BIO* bio = socket_bio(*socket_);
  SSL_set_bio(ssl, bio, bio);
}

TlsStream::~TlsStream() = default;

std::expected<std::size_t, IoError> TlsStream::failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return std::unexpected(IoError::would_block);
    case SSL_ERROR_WANT_WRITE: return std::unexpected(IoError::would_block);
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return std::unexpected(IoError::reset);
    default: break;
  }
  failure_ = openssl_reason();
  ERR_clear_error();
  return std::unexpected(IoError::tls);
}

Task<std::expected<void, IoError>> TlsStream::handshake(Time deadline) {
  while (true) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return std::expected<void, IoError>();
    bool wants_write = SSL_want_write(ssl_.get());
    auto outcome = failed(result);
    if (outcome || outcome.error() != IoError::would_block) {
      long verified = SSL_get_verify_result(ssl_.get());
      if (verified != X509_V_OK) failure_ = X509_verify_cert_error_string(verified);
      if (failure_.empty()) failure_ = "the peer closed the connection during the TLS handshake";
      co_return std::unexpected(outcome ? IoError::tls : outcome.error());
    }
    Wake wake;
    if (wants_write) {
      wake = co_await socket_->wait_writable(deadline);
    } else {
      wake = co_await socket_->wait_readable(deadline);
    }
    if (wake == Wake::timed_out) {
      failure_ = "the TLS handshake took too long";
      co_return std::unexpected(IoError::timed_out);
    }
  }
}

std::expected<std::size_t, IoError> TlsStream::try_read(std::span<char> into) {
  ERR_clear_error();
  std::size_t got = 0;
  int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  if (result == 1) return got;
  read_wants_write_ = SSL_want_write(ssl_.get());
  return failed(result);
}

std::size_t TlsStream::record_limit() {
  Time now = socket_->loop().now();
  if (now - last_write_ > std::chrono::seconds(1)) written_since_idle_ = 0;
  last_write_ = now;
  return written_since_idle_ < kSmallRecordsFor ? kSmallRecord : kLargeRecord;
}

std::expected<std::size_t, IoError> TlsStream::try_write(std::span<const iovec> pieces) {
  std::size_t limit = unfinished_write_ != 0 ? unfinished_write_ : record_limit();
  // A head and the first body bytes share one record.
  std::array<char, kLargeRecord> joined;
  const char* from = static_cast<const char*>(pieces[0].iov_base);
  std::size_t length = std::min(pieces[0].iov_len, limit);
  if (pieces.size() > 1 && length < limit) {
    std::size_t filled = 0;
    for (const iovec& piece : pieces) {
      std::size_t part = std::min(piece.iov_len, limit - filled);
      std::memcpy(joined.data() + filled, piece.iov_base, part);
      filled += part;
      if (filled == limit) break;
    }
    from = joined.data();
    length = filled;
  }
  ERR_clear_error();
  std::size_t wrote = 0;
  int result = SSL_write_ex(ssl_.get(), from, length, &wrote);
  if (result == 1) {
    unfinished_write_ = 0;
    written_since_idle_ += wrote;
    return wrote;
  }
  write_wants_read_ = SSL_want_read(ssl_.get());
  auto outcome = failed(result);
  if (outcome) return std::unexpected(IoError::reset);
  if (outcome.error() == IoError::would_block) unfinished_write_ = length;
  return outcome;
}

void TlsStream::shutdown_write() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  socket_->shutdown_write();
}

bool TlsStream::has_unread() {
  if (SSL_has_pending(ssl_.get()) != 0) {
    // Session tickets are not data; whatever else is there was not asked for.
    char byte;
    std::size_t got = 0;
    ERR_clear_error();
    int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    if (result == 1) return true;
    auto outcome = failed(result);
    if (outcome || outcome.error() != IoError::would_block) return true;
  }
  if (socket_->watch().broken || socket_->watch().peer_finished) return true;
  if (socket_->read_would_wait()) return false;
  char byte;
  std::size_t got = 0;
  ERR_clear_error();
  int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  if (result == 1) return true;
  auto outcome = failed(result);
  return outcome || outcome.error() != IoError::would_block;
}

WaitList::Awaiter TlsStream::wait_readable(Time deadline) {
  return read_wants_write_ ? socket_->wait_writable(deadline) : socket_->wait_readable(deadline);
}

WaitList::Awaiter TlsStream::wait_writable(Time deadline) {
  return write_wants_read_ ? socket_->wait_readable(deadline) : socket_->wait_writable(deadline);
}

bool TlsStream::read_would_wait() const {
  return SSL_has_pending(ssl_.get()) == 0 && socket_->read_would_wait();
}

}  // namespace signet::runtime
