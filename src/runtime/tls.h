#pragma once

#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <openssl/ssl.h>

#include "runtime/socket.h"
#include "runtime/stream.h"

namespace signet::runtime {

// TLS sessions for resumption, by peer ("host:port"); shared by all loops and locked only around
// handshakes. Each session is given out once (RFC 8446 §C.4).
class TlsSessions {
 public:
  void put(const std::string& peer, SSL_SESSION* session);  // takes over the reference
  SSL_SESSION* take(const std::string& peer);               // the caller owns it; null when none

  TlsSessions() = default;
  ~TlsSessions();
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;

 private:
  std::mutex mutex_;
  std::multimap<std::string, SSL_SESSION*> sessions_;
};

// How Signet connects to others: TLS 1.2 and newer, certificate and name always verified.
class TlsClientContext {
 public:
  // `ca_file`: PEM bundle trusted instead of the system's, empty for the system's. Throws
  // std::runtime_error with the reason when it cannot be read.
  explicit TlsClientContext(const std::string& ca_file);

  // A session for one connection to `host` (a name or a numeric address) at `port`.
  std::unique_ptr<class TlsStream> open(std::unique_ptr<Socket> socket, const std::string& host,
                                        std::uint16_t port);

 private:
  static int remember(SSL* ssl, SSL_SESSION* session);

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  TlsSessions sessions_;
};

// A TLS connection over a socket; client or server by how its SSL was prepared.
class TlsStream final : public Stream {
 public:
  // `ssl` has its state (connect or accept) set and no BIO yet.
  TlsStream(std::unique_ptr<Socket> socket, SSL* ssl);
  ~TlsStream() override;

  // Must succeed before anything is read or written.
  Task<std::expected<void, IoError>> handshake(Time deadline);
  // Why the handshake failed, for the operator: the verification result or OpenSSL's own words.
  const std::string& failure() const { return failure_; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }

  std::expected<std::size_t, IoError> try_read(std::span<char> into) override;
  // Records are 4 KiB for the first 64 KiB and after a second's idling, so that a browser can use
  // each packet as it arrives; then 16 KiB.
  std::expected<std::size_t, IoError> try_write(std::span<const iovec> pieces) override;
  void shutdown_write() override;
  void reset_on_close() override { socket_->reset_on_close(); }
  bool has_unread() override;
  WaitList::Awaiter wait_readable(Time deadline) override;
  WaitList::Awaiter wait_writable(Time deadline) override;
  bool read_would_wait() const override;
  bool write_would_wait() const override { return socket_->write_would_wait(); }
  Watch& watch() override { return socket_->watch(); }
  EventLoop& loop() override { return socket_->loop(); }

 private:
  std::expected<std::size_t, IoError> failed(int result);
  std::size_t record_limit();

  std::unique_ptr<Socket> socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string failure_;
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
  std::size_t unfinished_write_ = 0;  // length OpenSSL must be offered again
  std::size_t written_since_idle_ = 0;
  Time last_write_;
};

}  // namespace signet::runtime
